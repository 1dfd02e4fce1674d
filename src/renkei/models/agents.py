"""Business groups and the agents in them."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from renkei import clock
from renkei.models.accounts import User


class BusinessGroup(models.Model):
    """業務グループ: numbers and agents belong to one; its calls inherit it."""

    name = models.CharField(_("Business group"), max_length=80, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """担当者: one-to-one with the account that signs in; the extension belongs to the agent."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="agent")
    extension = models.CharField(
        _("Extension"), max_length=6, unique=True, validators=[RegexValidator(r"\A[0-9]{2,6}\Z")]
    )
    business_group = models.ForeignKey(
        BusinessGroup, on_delete=models.PROTECT, related_name="agents", verbose_name=_("Business group")
    )
    sip_password = models.BinaryField(null=True, editable=False)
    """Encrypted; ours, random, renewed at each sign-in; the browser's phone registers with it."""

    def __str__(self) -> str:
        return f"{self.user.display_name} ({self.extension})"


class Presence(models.Model):
    """What an agent is doing now; one row an agent. The call worker and the agent both change it."""

    class State(models.TextChoices):
        """受付可, 離席, 着信中, 通話中, 後処理, 不在 (signed out or missed a ring)."""

        AVAILABLE = "available", _("Available")
        AWAY = "away", _("Away")
        RINGING = "ringing", _("Ringing")
        TALKING = "talking", _("Talking")
        AFTER_CALL = "after_call", _("After-call work")
        OFFLINE = "offline", _("Offline")

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="presence", primary_key=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OFFLINE)
    since = models.DateTimeField(default=clock.now)
    call = models.ForeignKey("renkei.Call", on_delete=models.SET_NULL, null=True, related_name="+")
    next_state = models.CharField(max_length=12, blank=True, default="")
    """What the agent chose during a contact for afterwards; empty means available."""
    stream_at = models.DateTimeField(null=True, editable=False)
    """When the agent's desk was last known to be open: realtime notes it every half minute."""


class CtiPreference(models.Model):
    """設定 > CTI設定 > 基本設定 of one agent (R81 to R84, D10)."""

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="cti", primary_key=True)
    show_chat = models.BooleanField(_("Enable chat display"), default=False)
    show_times_and_copy = models.BooleanField(_("Show times and copy in the pop-up"), default=False)
    play_tone = models.BooleanField(_("Play a tone when a call arrives"), default=True)
    numbers = models.ManyToManyField("renkei.PhoneNumber", related_name="+", blank=True)
