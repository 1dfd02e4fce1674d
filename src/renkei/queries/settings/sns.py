"""SNS担当者詳細 of one person (R150 to R154, R158)."""

from dataclasses import dataclass

from renkei.errors import RejectedError
from renkei.models import Agent, SnsAgent
from renkei.queries.agents.people import PersonShown, read_person
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsEntryShown:
    """One entry; ``connector`` is the SNS種別 of its setting."""

    id: int
    connector: str
    setting_id: int
    setting: str
    registration_number: str
    display_name: str


@dataclass(frozen=True, slots=True)
class SnsShown:
    """A person with all entries. ``is_agent`` is False for who has no extension and so can have none."""

    person: PersonShown
    is_agent: bool
    entries: tuple[SnsEntryShown, ...]


def read_sns(viewer: Viewer, user_id: int) -> SnsShown:
    """The sub-window of one person. RejectedError ``forbidden``, ``feature_off``, ``not_found``."""
    person = read_person(viewer, user_id)
    require_chat_import()
    rows = SnsAgent.objects.filter(agent__user_id=user_id).select_related("setting")
    entries = tuple(
        SnsEntryShown(
            id=row.pk,
            connector=row.setting.connector,
            setting_id=row.setting_id,
            setting=row.setting.name,
            registration_number=row.registration_number,
            display_name=row.display_name,
        )
        for row in rows.order_by("setting__name", "registration_number")
    )
    return SnsShown(person, Agent.objects.filter(user_id=user_id).exists(), entries)


def pick_entry(shown: SnsShown, entry_id: int) -> SnsEntryShown:
    """One of a person's entries; RejectedError ``not_found``."""
    for entry in shown.entries:
        if entry.id == entry_id:
            return entry
    raise RejectedError("not_found")
