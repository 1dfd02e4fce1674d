"""What lists are narrowed by. Every state of a list is an address; a person's number or name in it is encrypted."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from renkei.domain.periods import read_moment
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.web.hidden_words import hide_words, reveal_words

ANY: tuple[str, Promise] = ("", _("All"))


class MomentField(forms.CharField):
    """A moment as people type it (D19); ``is_end`` makes a bare day mean its end."""

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        self.is_end = is_end
        self.zone = ZoneInfo("UTC")
        placeholder = "2025/01/31 24:00" if is_end else "2025/01/31 00:00"
        widget = forms.TextInput(attrs={"placeholder": placeholder, "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(max_length=20, required=False, widget=widget, **options)

    def clean(self, value: Any) -> datetime | None:
        """The moment in UTC, None when empty."""
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return read_moment(typed, zone=self.zone, is_end=self.is_end)
        except RejectedError as error:
            raise forms.ValidationError(say(error)) from error


class CallField(forms.IntegerField):
    """The number of one call, as links to a call's part of a history carry it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 8})
        super().__init__(min_value=1, max_value=2**63 - 1, required=False, widget=widget, **options)


class FilterForm(forms.Form):
    """A list's filter. ``private`` are the fields whose words must not stand in an address."""

    private: tuple[str, ...] = ()

    def __init__(self, data: QueryDict | dict[str, Any], *, zone: ZoneInfo) -> None:
        super().__init__(data)
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.zone = zone
            if isinstance(field, forms.ChoiceField):
                field.widget.attrs["class"] = "form-select"
            elif isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "form-check-input"
            else:
                field.widget.attrs["class"] = "form-control"

    @property
    def wanted(self) -> dict[str, Any]:
        """What was understood; a field in error does not narrow, its message stands beside it."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None, False)}

    @property
    def narrowed_by(self) -> int:
        """How many fields ask for something."""
        return sum(bool(self.data.get(name)) for name in self.fields)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return self.narrowed_by > 0

    def address_words(self) -> str:
        """The filter as it stands in addresses, ending with ``&`` when there is any."""
        shown = {name: self.data.get(name, "") for name in self.fields if self.data.get(name)}
        for name in self.private:
            if name in shown:
                shown[name] = hide_words(shown[name])
        return urlencode(shown) + "&" if shown else ""


def read_filter(request: HttpRequest, private: tuple[str, ...]) -> dict[str, str]:
    """The filter's words from a sent form or an address; private ones of an address are decrypted."""
    if request.method == "POST":
        return {name: value for name, value in request.POST.items() if isinstance(value, str)}
    words = {name: value for name, value in request.GET.items() if isinstance(value, str)}
    for name in private:
        if name in words:
            words[name] = reveal_words(words[name])
    return words


__all__ = ["ANY", "CallField", "FilterForm", "MomentField", "read_filter"]
