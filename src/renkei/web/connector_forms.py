"""Draws a connector's own settings (LookupSettings): the one module of the pages that knows connectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from renkei.connectors.contract import SettingField, setting_fields
from renkei.connectors.registry import get_connector

PREFIX = "connector_"


@dataclass(frozen=True, slots=True)
class SettingShown:
    """One setting to read: a secret shows only whether there is one."""

    label: str
    value: str
    is_secret: bool
    is_set: bool


@dataclass(frozen=True, slots=True)
class ConnectorEntered:
    """What was typed: settings in full, secrets only where typed anew, names of those to forget."""

    settings: dict[str, str]
    secrets: dict[str, str]
    cleared: frozenset[str]


def connector_note(name: str) -> str:
    """The sentence shown beside a connector's settings (D16); empty when there is none."""
    note = get_connector(name).note
    return _(note) if note else ""


def connector_label(name: str) -> str:
    """The service type's name (R20)."""
    return _(get_connector(name).label)


def system_label(name: str) -> str:
    """The chat system's name in a history; the stored word where this version knows none of it any more."""
    try:
        return connector_label(name)
    except KeyError:
        return name


def draw_fields(name: str, stored: Mapping[str, str], *, secrets_set: frozenset[str]) -> dict[str, forms.Field]:
    """Form fields by name; secrets are write-only: their stored value is never drawn."""
    fields: dict[str, forms.Field] = {}
    for each in _fields(name):
        fields[PREFIX + each.name] = _draw(each, stored.get(each.name, each.default), each.name in secrets_set)
        if each.is_secret and each.name in secrets_set:
            clear = forms.BooleanField(label=_("Delete the stored value"), required=False)
            clear.widget.attrs["class"] = "form-check-input"
            fields[f"{PREFIX}{each.name}_clear"] = clear
    return fields


def read_entered(name: str, values: Mapping[str, Any]) -> ConnectorEntered:
    """What a valid form holds."""
    fields = _fields(name)
    return ConnectorEntered(
        settings={each.name: str(values.get(PREFIX + each.name, "")).strip() for each in fields if not each.is_secret},
        secrets={
            each.name: str(values[PREFIX + each.name])
            for each in fields
            if each.is_secret and values.get(PREFIX + each.name)
        },
        cleared=frozenset(each.name for each in fields if values.get(f"{PREFIX}{each.name}_clear")),
    )


def show_settings(name: str, stored: Mapping[str, str], *, secrets_set: frozenset[str]) -> list[SettingShown]:
    """The settings to read."""
    return [
        SettingShown(
            label=_(each.label),
            value="" if each.is_secret else str(stored.get(each.name, each.default)),
            is_secret=each.is_secret,
            is_set=each.name in secrets_set if each.is_secret else bool(stored.get(each.name, each.default)),
        )
        for each in _fields(name)
    ]


def _fields(name: str) -> tuple[SettingField, ...]:
    settings = get_connector(name).lookup_settings
    return () if settings is None else setting_fields(settings)


def _draw(each: SettingField, value: str, is_set: bool) -> forms.Field:
    help_text = _(each.help) if each.help else ""
    if not each.is_secret:
        return forms.CharField(
            label=_(each.label), help_text=help_text, required=False, initial=value, max_length=500,
            widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        )  # fmt: skip
    is_long = "\n" in value or each.name.endswith("s")
    attrs = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    if is_set:
        attrs["placeholder"] = _("Stored; type only to replace it")
    widget = (
        forms.Textarea({**attrs, "rows": 3})
        if is_long
        else forms.PasswordInput({**attrs, "autocomplete": "new-password"})
    )
    return forms.CharField(label=_(each.label), help_text=help_text, required=False, max_length=4000, widget=widget)
