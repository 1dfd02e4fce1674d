"""Draws a connector's own settings: the one module of the pages that knows connectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from renkei.connectors.contract import SettingField, setting_fields
from renkei.connectors.registry import CONNECTORS, get_connector

PREFIX = "connector_"
CALL_URL = "call_url"
"""Of closed-chat settings the chat setting's own 呼び出しURL (R173): drawn with the setting, not among these fields."""


class Part(StrEnum):
    """Which of a connector's two groups of settings is meant."""

    LOOKUP = "lookup"
    CLOSED = "closed"


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


def sns_types() -> list[tuple[str, str]]:
    """The chat systems whose closed chats can be imported, by name and label: SNS種別 (R146, R151, D17)."""
    return [(each.name, sns_label(each.name)) for each in CONNECTORS if each.closed_since or each.parse_pushed]


def sns_label(name: str) -> str:
    """The name of an SNS種別; the stored word itself for one that is no longer shipped."""
    if not is_known(name):
        return name
    connector = get_connector(name)
    return _(connector.system or connector.label)


def is_known(name: str) -> bool:
    """Whether there is a connector of this stored name."""
    return any(each.name == name for each in CONNECTORS)


def call_url_hint(name: str) -> tuple[str, bool]:
    """What the connector says of 呼び出しURL, and whether it needs one; it does where it says nothing."""
    settings = get_connector(name).closed_chat_settings if is_known(name) else None
    for each in () if settings is None else setting_fields(settings):
        if each.name == CALL_URL:
            return _(each.help) if each.help else "", each.is_required
    return "", True


def draw_fields(
    name: str, stored: Mapping[str, str], *, secrets_set: frozenset[str], part: Part = Part.LOOKUP
) -> dict[str, forms.Field]:
    """Form fields by name; secrets are write-only: their stored value is never drawn."""
    fields: dict[str, forms.Field] = {}
    for each in _fields(name, part):
        fields[PREFIX + each.name] = _draw(each, stored.get(each.name, each.default), each.name in secrets_set)
        if each.is_secret and each.name in secrets_set:
            clear = forms.BooleanField(label=_("Delete the stored value"), required=False)
            clear.widget.attrs["class"] = "form-check-input"
            fields[f"{PREFIX}{each.name}_clear"] = clear
    return fields


def read_entered(name: str, values: Mapping[str, Any], *, part: Part = Part.LOOKUP) -> ConnectorEntered:
    """What a valid form holds."""
    fields = _fields(name, part)
    return ConnectorEntered(
        settings={each.name: str(values.get(PREFIX + each.name, "")).strip() for each in fields if not each.is_secret},
        secrets={
            each.name: str(values[PREFIX + each.name])
            for each in fields
            if each.is_secret and values.get(PREFIX + each.name)
        },
        cleared=frozenset(each.name for each in fields if values.get(f"{PREFIX}{each.name}_clear")),
    )


def show_settings(
    name: str, stored: Mapping[str, str], *, secrets_set: frozenset[str], part: Part = Part.LOOKUP
) -> list[SettingShown]:
    """The settings to read."""
    return [
        SettingShown(
            label=_(each.label),
            value="" if each.is_secret else str(stored.get(each.name, each.default)),
            is_secret=each.is_secret,
            is_set=each.name in secrets_set if each.is_secret else bool(stored.get(each.name, each.default)),
        )
        for each in _fields(name, part)
    ]


def name_setting(connector: str, field: str) -> str:
    """The label of one field of closed-chat settings; the field itself where the connector has none of that name."""
    for each in _fields(connector, Part.CLOSED):
        if each.name == field:
            return _(each.label)
    return field


def _fields(name: str, part: Part) -> tuple[SettingField, ...]:
    if part is Part.LOOKUP:
        settings = get_connector(name).lookup_settings
        return () if settings is None else setting_fields(settings)
    settings = get_connector(name).closed_chat_settings if is_known(name) else None
    return () if settings is None else tuple(each for each in setting_fields(settings) if each.name != CALL_URL)


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
