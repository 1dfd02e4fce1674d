"""The one row of settings that hold for the whole installation."""

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Installation(models.Model):
    """System settings (システム設定): optional capabilities (D12), retention (R110), matching and look-up limits."""

    centre_name = models.CharField(_("Contact centre name"), max_length=80, default="Renkei")
    zone = models.CharField(_("Time zone"), max_length=40, default="Asia/Tokyo")
    api_linked_ivr = models.BooleanField(_("API-linked IVR"), default=True)
    chatbot_linkage = models.BooleanField(_("Chatbot linkage"), default=True)
    crm_linkage = models.BooleanField(_("CRM linkage"), default=True)
    realtime_speech = models.BooleanField(_("Real-time speech synthesis"), default=True)
    chat_import = models.BooleanField(_("Chat linkage (import)"), default=True)
    history_retention_days = models.PositiveIntegerField(
        _("History retention (days)"), default=365, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    link_window_minutes = models.PositiveIntegerField(
        _("Window for linking a chat (minutes)"), default=1440, validators=[MinValueValidator(1)]
    )
    lookup_budget_ms = models.PositiveIntegerField(
        _("Time limit of a look-up (ms)"), default=3000, validators=[MinValueValidator(200), MaxValueValidator(8000)]
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(lookup_budget_ms__range=(200, 8000)), name="lookup_budget_within_8_s"
            ),
        )
