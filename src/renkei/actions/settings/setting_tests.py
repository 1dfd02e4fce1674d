"""接続テスト of a chat setting: asked for on a screen, carried out by the jobs worker, its finding kept (D16).

Nothing is fetched here: the job asks between ``begin_setting_test`` and ``finish_setting_test``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.domain.setting_test import Finding, PageSeen, Verdict, is_overdue, judge
from renkei.errors import MisconfiguredError, RejectedError
from renkei.models import ChatSetting, ChatSettingTest, SnsAgent, User
from renkei.models.enqueue import SOON, enqueue
from renkei.models.secrets import open_fields
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import

JOB = "try_chat_setting"
"""The job's name in the queue."""

_OPEN = (ChatSettingTest.State.WAITING, ChatSettingTest.State.RUNNING)
_KEPT = 20
"""Tests of one setting that are kept."""


@dataclass(frozen=True, slots=True)
class AskedTest:
    """What the job must ask: the connector with its settings, secrets among them. ``problem`` is a code when they
    cannot be read."""

    test_id: int
    connector: str
    settings: Mapping[str, str] = field(repr=False)
    problem: str = ""


def ask_setting_test(actor: Viewer, setting_id: int) -> int:
    """Have the stored setting tested; returns the test's id. While one is under way its id is returned and nothing is
    added. RejectedError: ``forbidden``, ``feature_off``, ``not_found``."""
    require(actor, "chat_setting.edit")
    require_chat_import()
    with refusing_conflicts():
        # The lock makes two who press at the same moment wait for each other.
        if not ChatSetting.objects.select_for_update().filter(pk=setting_id).exists():
            raise RejectedError("not_found")
        under_way = ChatSettingTest.objects.select_for_update().filter(setting_id=setting_id, state__in=_OPEN).first()
        if under_way is not None and not is_overdue(under_way.asked_at, now=clock.now()):
            return under_way.pk
        if under_way is not None:
            _close(under_way, ChatSettingTest.State.FAILED)
        test = ChatSettingTest.objects.create(
            setting_id=setting_id, asked_by=actor if isinstance(actor, User) else None
        )
        _forget_old(setting_id)
        enqueue(JOB, priority=SOON, test_id=test.pk)
        detail = {"test": test.pk}
        write_audit(actor, "chat_setting.tested", resource="chat_setting", object_id=setting_id, detail=detail)
    return test.pk


@transaction.atomic
def begin_setting_test(test_id: int) -> AskedTest | None:
    """Take a waiting test in hand, once. None for one that is begun, over or gone; one whose time has passed is
    closed: nobody waits for it any longer, so nothing is sent."""
    tests = ChatSettingTest.objects.select_for_update(of=("self",)).select_related("setting")
    test = tests.filter(pk=test_id, state=ChatSettingTest.State.WAITING).first()
    if test is None:
        return None
    if is_overdue(test.asked_at, now=clock.now()):
        _close(test, ChatSettingTest.State.FAILED)
        return None
    test.state = ChatSettingTest.State.RUNNING
    test.save(update_fields=["state"])
    return _ask(test)


@transaction.atomic
def finish_setting_test(test_id: int, told: "PageSeen | Refusal", *, duration_ms: int) -> None:
    """Store what came of it."""
    test = ChatSettingTest.objects.select_for_update().filter(pk=test_id, state=ChatSettingTest.State.RUNNING).first()
    if test is None:
        return
    match told:
        case PageSeen():
            finding = judge(told, _known(test.setting_id, told), duration_ms=duration_ms)
        case Refusal(code, is_ours):
            verdict = Verdict.WRONG_SETTING if is_ours else Verdict.NO_ANSWER
            finding = Finding(verdict=verdict, detail=code, duration_ms=duration_ms)
    test.result = finding.to_json()
    _close(test, ChatSettingTest.State.DONE)


@transaction.atomic
def fail_setting_test(test_id: int) -> None:
    """The test itself broke; the log says why."""
    test = ChatSettingTest.objects.select_for_update().filter(pk=test_id, state__in=_OPEN).first()
    if test is not None:
        _close(test, ChatSettingTest.State.FAILED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """No page came: a code of messages.py, and whether the setting must be mended by a person."""

    code: str
    is_ours: bool


def _ask(test: ChatSettingTest) -> AskedTest:
    setting = test.setting
    settings = {str(name): str(value) for name, value in setting.connector_settings.items()}
    problem = ""
    try:
        settings |= open_fields(setting.secrets)
    except MisconfiguredError as error:
        problem = error.code
    return AskedTest(test.pk, setting.connector, settings | {"call_url": setting.call_url}, problem)


def _known(setting_id: int, seen: PageSeen) -> dict[str, int]:
    numbers = [number for number, _chats in seen.numbers]
    entries = SnsAgent.objects.filter(setting_id=setting_id, registration_number__in=numbers)
    return dict(entries.values_list("registration_number", "agent_id"))


def _close(test: ChatSettingTest, state: str) -> None:
    test.state = state
    test.finished_at = clock.now()
    test.save()


def _forget_old(setting_id: int) -> None:
    kept = ChatSettingTest.objects.filter(setting_id=setting_id).order_by("-id").values_list("id", flat=True)[:_KEPT]
    ChatSettingTest.objects.filter(setting_id=setting_id).exclude(pk__in=list(kept)).delete()
