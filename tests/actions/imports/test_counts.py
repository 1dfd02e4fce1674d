"""The service screens' counts: kept as the chats move, and always what a recount says (conservation)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.actions.imports.quarantine import discard_item, quarantine, repair_item, retry_items
from renkei.actions.imports.runs import begin_run
from renkei.actions.settings.chat_settings import delete_chat_setting
from renkei.models import ImportService, InboxCount, InboxItem, Interaction, SnsAgent, User
from renkei.permissions import ADMINISTRATOR
from renkei.queries.services.services import Tally, list_services, read_service
from tests.actions.imports.source import Importing, make_importing, record
from tests.actions.imports.undone import undone
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db


def recount(importing: Importing) -> Tally:
    items = InboxItem.objects.filter(setting=importing.setting)
    return Tally(**{state: items.filter(state=state).count() for state in ("done", "quarantined", "pending")})


class Deeds:
    """What happens to an inbox, in any order."""

    def __init__(self, importing: Importing, person: User) -> None:
        self.importing = importing
        self.person = person

    def store(self, number: int) -> None:
        """New, newer, known and unreadable records."""
        shown = [record(f"c-{number % 4}", version=number), record(f"c-{number % 3}", is_broken=True), record("c-0")]
        self.importing.store(self.importing.lease(), shown)

    def apply(self, number: int) -> None:
        """Everything that waits and can be read."""
        pending = InboxItem.objects.filter(setting=self.importing.setting, state="pending")
        pending.filter(external_id__startswith="raw:").update(state="quarantined")
        self.importing.apply(self.importing.lease())

    def set_aside(self, number: int) -> None:
        """One that waits."""
        item = InboxItem.objects.filter(setting=self.importing.setting, state="pending").first()
        if item is not None:
            quarantine(self.importing.lease(), item.pk, revision=item.revision, error="import_failed")

    def retry(self, number: int) -> None:
        """All."""
        retry_items(self.person, self.importing.setting.pk)

    def repair(self, number: int) -> None:
        """One that stands aside."""
        for item in InboxItem.objects.filter(setting=self.importing.setting, state="quarantined")[:1]:
            repair_item(self.person, item.pk, payload_text='{"open": false}')
            InboxItem.objects.filter(pk=item.pk).delete()

    def discard(self, number: int) -> None:
        """One that stands aside."""
        for item in InboxItem.objects.filter(setting=self.importing.setting, state="quarantined")[:1]:
            discard_item(self.person, item.pk, reason="要らない")

    def fold(self, number: int) -> None:
        """As each run does."""
        begin_run(self.importing.lease(), "timer")


DEEDS = ("store", "apply", "set_aside", "retry", "repair", "discard", "fold")


@settings(max_examples=25)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 7)), max_size=12))
def test_fetched_is_done_and_set_aside_and_waiting_whatever_happens(deeds: list[tuple[str, int]]) -> None:
    """Proves R148, R186. After every step the counts are those of a recount; of other settings nothing is counted."""
    with undone():
        person = make_person(ADMINISTRATOR)
        importing, other = make_importing("数える"), make_importing("別")
        other.take([record("x-1")])
        doing = Deeds(importing, person)
        for name, number in deeds:
            getattr(doing, name)(number)
            shown = read_service(person, importing.setting.pk).tally
            assert shown == recount(importing)
            assert shown.fetched == InboxItem.objects.filter(setting=importing.setting).count()
        assert read_service(person, other.setting.pk).tally == Tally(done=1)


def test_a_run_folds_the_counts_into_one_row() -> None:
    importing = make_importing()
    for number in range(4):
        importing.take([record(f"c-{number}")])
    assert InboxCount.objects.count() > 4
    begin_run(importing.lease(), "timer")
    row = InboxCount.objects.get()
    assert (row.done, row.pending, row.quarantined) == (4, 0, 0)


def test_looking_at_the_services_reads_no_inbox() -> None:
    """The screens ask every two seconds; an inbox holds years."""
    importing = make_importing()
    importing.take([record("c-1")])
    person = make_person(ADMINISTRATOR)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        list_services(person)
        read_service(person, importing.setting.pk)
    assert len(asked) > 2
    assert not [query for query in asked if "renkei_inboxitem" in query["sql"]]


def test_a_setting_that_is_taken_away_leaves_no_counts() -> None:
    importing = make_importing()
    importing.take([record("c-1", is_broken=True)])
    SnsAgent.objects.all().delete()
    Interaction.objects.all().delete()
    ImportService.objects.update(is_wanted=False)
    person: Any = make_person(ADMINISTRATOR)
    delete_chat_setting(person, importing.setting.pk)
    assert not InboxCount.objects.exists()
