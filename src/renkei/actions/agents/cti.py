"""設定 > CTI設定 > 基本設定 of one's own desk (R81 to R84, D10)."""

from dataclasses import dataclass

from django.db import transaction

from renkei.errors import RejectedError
from renkei.models import Agent, CtiPreference, PhoneNumber, User
from renkei.permissions import require


@dataclass(frozen=True, slots=True, kw_only=True)
class CtiChoice:
    """What an agent ticked: the numbers to link (ids), the chat display, times and copy in the pop-up, the tone."""

    number_ids: frozenset[int]
    show_chat: bool
    show_times_and_copy: bool
    play_tone: bool


@transaction.atomic
def save_cti(actor: User, choice: CtiChoice) -> None:
    """Keep one's own choice. RejectedError: ``no_agent``, ``not_found`` for a number that is gone."""
    require(actor, "desk.view")
    agent = Agent.objects.filter(user=actor).first()
    if agent is None:
        raise RejectedError("no_agent")
    numbers = list(PhoneNumber.objects.filter(pk__in=choice.number_ids))
    if len(numbers) != len(choice.number_ids):
        raise RejectedError("not_found")
    preference, _ = CtiPreference.objects.update_or_create(
        agent=agent,
        defaults={
            "show_chat": choice.show_chat,
            "show_times_and_copy": choice.show_times_and_copy,
            "play_tone": choice.play_tone,
        },
    )
    preference.numbers.set(numbers)
