"""Services and what they set aside follow the business group of their chat setting (P6)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from renkei.actions.imports.quarantine import discard_item, repair_item, retry_items
from renkei.actions.services.control import ask_run, restart_service, start_service, stop_service
from renkei.actions.services.open_item import open_item
from renkei.errors import RejectedError
from renkei.models import AuditEntry, ChatSetting, ImportService, InboxItem, User
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.queries.scope import Viewer
from renkei.queries.services.inbox import read_set_aside
from renkei.queries.services.services import (
    list_differences,
    list_reconciliations,
    list_runs,
    list_services,
    read_service,
)
from tests.chat_setting_office import make_agent, make_setting, set_aside
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

DEEDS = (start_service, stop_service, restart_service, ask_run)
LOOKS: tuple[Callable[[Viewer, int], object], ...] = (read_service, list_runs, list_reconciliations)


@pytest.fixture
def settings() -> tuple[ChatSetting, ChatSetting]:
    """One of the supervisor's business group, one of another."""
    administrator = make_person(ADMINISTRATOR)
    ours = make_setting(administrator, agent=make_agent(group="注文"), name="注文")
    theirs = make_setting(administrator, agent=make_agent(group="解約"), name="解約")
    return ours, theirs


@pytest.fixture
def supervisor() -> User:
    """Of 注文, with the right to work on services besides."""
    return make_person(SUPERVISOR, group="注文", rights=["service.edit"])


def test_a_supervisor_sees_and_moves_the_services_of_the_own_group_only(
    supervisor: User, settings: tuple[ChatSetting, ChatSetting]
) -> None:
    """Proves R186. What lies outside is not found, whatever is tried."""
    ours, theirs = settings
    assert [each.setting for each in list_services(supervisor)] == ["注文"]
    for deed in DEEDS:
        with pytest.raises(RejectedError, match="not_found"):
            deed(supervisor, theirs.pk)
    for look in LOOKS:
        look(supervisor, ours.pk)
        with pytest.raises(RejectedError, match="not_found"):
            look(supervisor, theirs.pk)
    ImportService.objects.update(is_wanted=True, snapshot={"version": 0})
    assert list_differences(supervisor, theirs.pk) == ()
    restart_service(supervisor, ours.pk)
    assert AuditEntry.objects.filter(resource="service", user=supervisor).count() == 1


def test_what_another_group_has_set_aside_is_out_of_reach(
    supervisor: User, settings: tuple[ChatSetting, ChatSetting]
) -> None:
    ours, theirs = settings
    aside, kept = set_aside(ours, "CH-1"), set_aside(theirs, "CH-2")
    for deed in (
        lambda: read_set_aside(supervisor, theirs.pk, kept.pk),
        lambda: repair_item(supervisor, kept.pk, payload_text="{}"),
        lambda: discard_item(supervisor, kept.pk, reason="要らない"),
        lambda: open_item(supervisor, theirs.pk, kept.pk, via="page"),
    ):
        with pytest.raises(RejectedError, match="not_found"):
            deed()
    assert retry_items(supervisor, theirs.pk) == 0
    assert retry_items(supervisor, ours.pk) == 1
    states = dict(InboxItem.objects.values_list("id", "state"))
    assert states == {aside.pk: "pending", kept.pk: "quarantined"}


def test_the_record_as_a_file_needs_the_right_to_take_chats_out(settings: tuple[ChatSetting, ChatSetting]) -> None:
    """Proves R109. Whoever may only read chats reads it on the page."""
    ours, _ = settings
    item = set_aside(ours, "CH-1")
    reader = make_person(SUPERVISOR, group="注文")
    supervisors = Group.objects.get(name=SUPERVISOR)
    supervisors.permissions.remove(Permission.objects.get(codename="chat_content.export"))
    client: Client = sign_in(reader)
    address = reverse("console:inbox_file", args=[ours.pk, item.pk])
    assert client.get(address).status_code == 403
    page = client.get(reverse("console:inbox_item", args=[ours.pk, item.pk]))
    assert page.status_code == 200
    assert address not in page.content.decode()
    with pytest.raises(RejectedError, match="forbidden"):
        open_item(User.objects.get(pk=reader.pk), ours.pk, item.pk, via="file")
    assert not AuditEntry.objects.filter(action="chat_import.exported").exists()
