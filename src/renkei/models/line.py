"""The settings of the line: numbers, IVRs and their branches, rules, guidance, labels."""

import pghistory
from django.db import models
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from renkei import clock
from renkei.models.agents import Agent, BusinessGroup

models.CharField.register_lookup(Length)
models.TextField.register_lookup(Length)


@pghistory.track()
class BusinessLabel(models.Model):
    """業務ラベル: given to a call as it passes a branch or key; shown as its route."""

    name = models.CharField(_("Business label"), max_length=40, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class IncomingRule(models.Model):
    """着信ルール: a named, shared, ordered procedure for a call. ``steps`` is read by domain/ivr.py:

    ``{"do": "guidance", "guidance": 3}``, ``{"do": "ring", "agents": [1, 2], "seconds": 20}``, ``{"do": "busy"}``,
    ``{"do": "hang_up"}``; ``builtin`` names the one that ships, ビジー (R56).
    """

    name = models.CharField(_("Incoming rule"), max_length=80, unique=True)
    builtin = models.CharField(max_length=16, null=True, unique=True, editable=False)
    steps = models.JSONField(default=list)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Ivr(models.Model):
    """An IVR: standard, or API-linked with a service type. Neither can change later (R21; a trigger holds it)."""

    class ServiceType(models.TextChoices):
        """サービス種類 (R20, R24)."""

        CHATBOT_DEC_SUPPORT = "chatbot_dec_support", _("Chatbot linkage (DEC Support)")
        CHATBOT_STANDARD = "chatbot_standard", _("Chatbot linkage (standard chat API)")

    name = models.CharField(_("IVR name"), max_length=80, unique=True)
    use_api = models.BooleanField(_("Use API linkage"), default=False)
    service_type = models.CharField(
        _("Service type"), max_length=24, choices=ServiceType.choices, null=True, blank=True
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(use_api=True, service_type__isnull=False)
                | models.Q(use_api=False, service_type__isnull=True),
                name="ivr_service_type_goes_with_api",
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Guidance(models.Model):
    """ガイダンス: what a caller hears. Common, or individual to one IVR (R48). ``media`` is a key below the media
    folder without extension; ``seconds`` its length; ``words`` its text."""

    name = models.CharField(_("Guidance"), max_length=80)
    ivr = models.ForeignKey(Ivr, on_delete=models.CASCADE, null=True, blank=True, related_name="guidances")
    builtin = models.CharField(max_length=24, null=True, unique=True, editable=False)
    words = models.TextField(_("Words"), max_length=1000, blank=True)
    media = models.CharField(max_length=120)
    seconds = models.FloatField(default=1.0)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("name", "ivr"), name="guidance_name", nulls_distinct=False),)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class ChatbotLinkage(models.Model):
    """チャットボット連携設定 of one IVR (R28 to R35): provider, project, channel and the request-error rule."""

    ivr = models.OneToOneField(Ivr, on_delete=models.CASCADE, related_name="linkage", primary_key=True)
    connector = models.CharField(max_length=40)
    project_id = models.CharField(_("Project ID"), max_length=120, blank=True)
    channel_id = models.CharField(_("Channel ID"), max_length=120, blank=True)
    connector_settings = models.JSONField(default=dict, blank=True)
    """The connector's own fields that are no secret (LookupSettings)."""
    secrets = models.BinaryField(null=True, editable=False)
    """The connector's secret fields, a JSON object encrypted with the field keys; write-only in screens."""
    request_error_rule = models.ForeignKey(
        IncomingRule, on_delete=models.PROTECT, related_name="+", verbose_name=_("Behaviour on request error")
    )


@pghistory.track()
class ResponseBranch(models.Model):
    """One response condition of a chatbot-linkage IVR: success or failure, fully independent (R36 to R65)."""

    class Condition(models.TextChoices):
        """レスポンス条件 (R38)."""

        SUCCESS = "success", _("Success")
        FAILURE = "failure", _("Failure")

    class GuidanceForm(models.TextChoices):
        """ガイダンス形式 (R46)."""

        STANDARD = "standard", _("Standard guidance")
        SPEECH = "speech", _("Real-time speech synthesis")

    class Action(models.TextChoices):
        """選択時の動作 (R53)."""

        TRANSFER = "transfer", _("Transfer")
        RULE = "rule", _("Incoming rule")

    ivr = models.ForeignKey(Ivr, on_delete=models.CASCADE, related_name="branches")
    condition = models.CharField(_("Response condition"), max_length=8, choices=Condition.choices)
    label = models.ForeignKey(
        BusinessLabel, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Business label")
    )
    guidance_form = models.CharField(
        _("Guidance form"), max_length=8, choices=GuidanceForm.choices, default=GuidanceForm.STANDARD
    )
    guidance = models.ForeignKey(
        Guidance, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Guidance after API linkage")
    )
    speech_text = models.TextField(_("Speech synthesis text"), max_length=1000, blank=True)
    action = models.CharField(_("Action on selection"), max_length=8, choices=Action.choices, default=Action.RULE)
    destination_agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Destination (extension)")
    )
    destination_ivr = models.ForeignKey(
        Ivr, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Destination (IVR)")
    )
    outside_number = models.CharField(_("Outside number"), max_length=20, blank=True)
    rule = models.ForeignKey(
        IncomingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Incoming rule")
    )
    memo = models.TextField(_("Memo"), blank=True)

    class Meta:
        ordering = ("ivr", "-condition")
        constraints = (
            models.UniqueConstraint(fields=("ivr", "condition"), name="one_branch_per_condition"),
            models.CheckConstraint(condition=models.Q(memo__length__lte=500), name="memo_at_most_500_characters"),
        )


@pghistory.track()
class PhoneNumber(models.Model):
    """電話番号: ``entry_ivr`` or ``entry_rule`` takes the call; ``fallback_rule`` is its 障害時の動作."""

    e164 = models.CharField(_("Telephone number"), max_length=16, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    business_group = models.ForeignKey(
        BusinessGroup, on_delete=models.PROTECT, related_name="numbers", verbose_name=_("Business group")
    )
    entry_ivr = models.ForeignKey(
        Ivr, on_delete=models.PROTECT, null=True, blank=True, related_name="numbers", verbose_name=_("IVR")
    )
    entry_rule = models.ForeignKey(
        IncomingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Incoming rule")
    )
    fallback_rule = models.ForeignKey(
        IncomingRule, on_delete=models.PROTECT, related_name="+", verbose_name=_("Behaviour in case of failure")
    )

    class Meta:
        ordering = ("e164",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(entry_ivr__isnull=False, entry_rule__isnull=True)
                | models.Q(entry_ivr__isnull=True, entry_rule__isnull=False),
                name="number_has_one_entry",
            ),
            models.CheckConstraint(condition=models.Q(e164__regex=r"^\+[1-9][0-9]{2,14}$"), name="number_is_e164"),
        )

    def __str__(self) -> str:
        return self.e164
