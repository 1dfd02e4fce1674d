"""Labels, guidance, incoming rules and telephone numbers: make, change, take away; each writes its audit line."""

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Model

from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refuse_stale, refusing_conflicts
from renkei.domain.branch import LONGEST_SPEECH, refuse_too_long
from renkei.domain.phone import Telephone, read_number
from renkei.domain.rules import RuleStep, find_uncompilable, refuse_unfit, write_steps
from renkei.errors import RejectedError
from renkei.models import Agent, BusinessLabel, Guidance, IncomingRule, PhoneNumber
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.lists import mark_rule

Row = TypeVar("Row", bound=Model)

_SPOKEN_PER_SECOND = 6.0
"""Characters of Japanese speech a second: the length of a guidance until its sound is made."""


def save_label(actor: Viewer, label_id: int | None, *, name: str) -> int:
    """A label, new when ``label_id`` is None. RejectedError: ``forbidden``, ``not_found``, ``already_exists``."""
    _require_save(actor, "business_label", label_id)
    with refusing_conflicts():
        label = _load(BusinessLabel, label_id)
        label.name = name
        label.save()
        _note(actor, "business_label", label_id, label.pk)
    return label.pk


def delete_label(actor: Viewer, label_id: int) -> None:
    """``in_use`` while a call carries it or a response condition gives it."""
    _delete(actor, "business_label", BusinessLabel, label_id)


def save_guidance(actor: Viewer, guidance_id: int | None, *, name: str, words: str, ivr_id: int | None) -> int:
    """A guidance; its sound is made from its words by the speech process. An IVR's own stays that IVR's.
    RejectedError besides those of a label: ``text_too_long``."""
    _require_save(actor, "guidance", guidance_id)
    words = refuse_too_long(words, LONGEST_SPEECH)
    with refusing_conflicts():
        guidance = _load(Guidance, guidance_id)
        if guidance_id is None:
            guidance.ivr_id = ivr_id
        guidance.name = name
        if guidance.words != words or guidance_id is None:
            guidance.words = words
            guidance.seconds = max(1.0, round(len(words) / _SPOKEN_PER_SECOND, 1))
        guidance.save()
        if not guidance.media:
            guidance.media = f"guidance/{guidance.pk}"
            guidance.save(update_fields=["media"])
        _note(actor, "guidance", guidance_id, guidance.pk)
    return guidance.pk


def delete_guidance(actor: Viewer, guidance_id: int) -> None:
    """``in_use`` while a response condition or a rule plays it; the built-in ones stay."""
    for steps in IncomingRule.objects.values_list("steps", flat=True):
        if any(step.get("guidance") == guidance_id for step in steps):
            raise RejectedError("in_use")
    _delete(actor, "guidance", Guidance, guidance_id)


def save_rule(actor: Viewer, rule_id: int | None, *, name: str, steps: Sequence[RuleStep], seen: str = "") -> int:
    """An incoming rule with its steps in this order; ``seen`` is the mark its editor was shown. RejectedError: also
    ``rule_empty``, ``rule_too_long``, ``step_after_end``, ``rule_rings_nobody``, ``changed_meanwhile``, ``built_in``
    for what ships."""
    _require_save(actor, "incoming_rule", rule_id)
    refuse_unfit(steps)
    _refuse_uncompilable(steps)
    with refusing_conflicts():
        rule = _load(IncomingRule, rule_id)
        if rule.builtin:
            raise RejectedError("built_in")
        if rule_id is not None:
            refuse_stale(seen, mark_rule(rule))
        rule.name, rule.steps = name, write_steps(steps)
        rule.save()
        _note(actor, "incoming_rule", rule_id, rule.pk)
    return rule.pk


def delete_rule(actor: Viewer, rule_id: int) -> None:
    """``in_use`` while anything leads to it, ``built_in`` for the rule that ships."""
    _delete(actor, "incoming_rule", IncomingRule, rule_id)


def save_number(
    actor: Viewer,
    number_id: int | None,
    *,
    number: str,
    name: str,
    group_id: int,
    ivr_id: int | None,
    rule_id: int | None,
    fallback_rule_id: int,
) -> int:
    """A telephone number with exactly one entry. RejectedError: also ``bad_number``, ``one_entry``."""
    _require_save(actor, "phone_number", number_id)
    read = read_number(number)
    if not isinstance(read, Telephone):
        raise RejectedError("bad_number")
    if (ivr_id is None) == (rule_id is None):
        raise RejectedError("one_entry")
    with refusing_conflicts():
        row = _load(PhoneNumber, number_id)
        row.e164, row.name = read.e164, name
        row.business_group_id, row.fallback_rule_id = group_id, fallback_rule_id
        row.entry_ivr_id, row.entry_rule_id = ivr_id, rule_id
        row.save()
        _note(actor, "phone_number", number_id, row.pk)
    return row.pk


def delete_number(actor: Viewer, number_id: int) -> None:
    """Calls keep what they were called on as text."""
    _delete(actor, "phone_number", PhoneNumber, number_id)


def _refuse_uncompilable(steps: Sequence[RuleStep]) -> None:
    """Any rule may come to be what the telephone system runs without us (P1), so each must be one that it can."""
    extensions = dict(Agent.objects.filter(user__is_active=True).values_list("id", "extension"))
    reason = find_uncompilable(steps, extensions=extensions)
    if reason is not None:
        raise RejectedError(reason)


def _require_save(actor: Viewer, resource: str, row_id: int | None) -> None:
    require(actor, f"{resource}.{'create' if row_id is None else 'edit'}")


def _load(model: type[Row], row_id: int | None) -> Row:
    if row_id is None:
        return model()
    row = model._default_manager.select_for_update().filter(pk=row_id).first()
    if row is None:
        raise RejectedError("not_found")
    return row


def _note(actor: Viewer, resource: str, had_id: int | None, row_id: int) -> None:
    write_audit(actor, f"{resource}.{'created' if had_id is None else 'edited'}", resource=resource, object_id=row_id)


def _delete(actor: Viewer, resource: str, model: type[Model], row_id: int) -> None:
    require(actor, f"{resource}.delete")
    with refusing_conflicts():
        row = _load(model, row_id)
        if getattr(row, "builtin", None):
            raise RejectedError("built_in")
        row.delete()
        write_audit(actor, f"{resource}.deleted", resource=resource, object_id=row_id)
