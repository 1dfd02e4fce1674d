"""Forms of what is stored already: none saves over what somebody else has written since it was drawn."""

from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from renkei.domain.marks import mark_of
from renkei.messages import sentence

MARKS = "shown_marks"
"""The hidden field (``_form_errors.html``) that says what a form was filled with."""
LONGEST_VALUE = 200


class GuardedForm(forms.Form):
    """A form that knows what it showed. What was typed stays, what is stored now stands beside it, and saving again
    is a decision. Between this and the writing an action compares once more, under its lock."""

    @property
    def shown_marks(self) -> str:
        """For the hidden field; empty for a form of something new."""
        return ",".join(f"{name}={mark_of(value)}" for name, value in self._stored().items())

    def full_clean(self) -> None:
        """As ever, and the comparison."""
        super().full_clean()
        if self.is_bound:
            self._refuse_stale()

    def _stored(self) -> dict[str, Any]:
        """What is stored now; a form with a guard of its own (``seen``) and one of something new have nothing."""
        if not self.initial or "seen" in self.fields:
            return {}
        drawn = {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}
        return {**self.initial, **drawn}

    def _refuse_stale(self) -> None:
        told = dict(each.split("=", 1) for each in str(self.data.get(MARKS, "")).split(",") if "=" in each)
        stored = self._stored()
        changed = [name for name, mark in told.items() if name in stored and mark_of(stored[name]) != mark]
        kept = [name for name in changed if mark_of(self.cleaned_data.get(name)) != mark_of(stored[name])]
        if not kept:
            return
        self.add_error(None, sentence("changed_meanwhile"))
        for name in kept:
            if name in self.fields:
                words = _word(self.fields[name], stored[name])
                self.add_error(name, sentence("stored_meanwhile", {"value": words}))


def _word(field: forms.Field, value: object) -> str:
    """A stored value in the form's own words."""
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    offered: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
    words = {str(key): str(word) for key, word in offered}
    several = value if isinstance(value, list | tuple | set | frozenset) else [value]
    told = "、".join(words.get(str(each), "" if each is None else str(each)) for each in several)
    return Truncator(told).chars(LONGEST_VALUE) or "–"
