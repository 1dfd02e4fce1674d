"""How the console's forms look: every widget gets its class, its help and its error are tied to it."""

from typing import Any

from django import forms
from django.http import HttpRequest

from renkei.domain.branch import count_characters, settle_breaks
from renkei.errors import RejectedError
from renkei.messages import SENTENCES, say
from renkei.web.console.guarded import GuardedForm

NOTHING: tuple[str, Any] = ("", "–")

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "choices"),
    (forms.RadioSelect, "choices"),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)


class CountedField(forms.CharField):
    """A text of several lines with a limit in characters (D18): counted alike here and by counting.js, never by
    ``maxlength``, for which 𠮷 is two and a line break may be."""

    def __init__(self, *, limit: int, rows: int, **options: Any) -> None:
        attrs = {"rows": rows, "data-limit": limit, "data-too-long": SENTENCES["text_too_long"]}
        super().__init__(widget=forms.Textarea(attrs=attrs), **options)
        self.limit = limit

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """The field on its page, where the counter stands below it."""
        self.widget.attrs["data-counter"] = f"{field_name}-counter"
        return super().get_bound_field(form, field_name)

    def to_python(self, value: Any) -> str:
        """The text with LF line breaks; a browser sends CRLF."""
        return settle_breaks(str(super().to_python(value)))

    def validate(self, value: str) -> None:
        """Refuse one character too many."""
        super().validate(value)
        length = count_characters(value)
        if length > self.limit:
            raise forms.ValidationError(say(RejectedError("text_too_long", limit=self.limit, length=length)))


class ScreenForm(GuardedForm):
    """A form of the console."""

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        for field in self.fields.values():
            kind = next(name for widget, name in _CLASSES if isinstance(field.widget, widget))
            field.widget.attrs.setdefault("class", kind)

    def choose(self, name: str, choices: Any) -> None:
        """Give a ChoiceField its choices."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def refuse(self, error: RejectedError, field: str | None = None) -> None:
        """Show a refusal where it belongs; what was typed stays."""
        self.add_error(field, say(error))


def number_or_none(typed: object) -> int | None:
    """The id behind a choice; None for the empty one."""
    return int(str(typed)) if typed not in (None, "") else None


def sent(request: HttpRequest) -> Any:
    """The form's data when it was sent, else None."""
    return request.POST if request.method == "POST" else None
