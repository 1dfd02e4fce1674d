"""The sample office: complete, plausible, loaded once."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps

from renkei import clock
from renkei.actions.chats.open_chat import open_chat
from renkei.cli.demo.load import load_demonstration
from renkei.cli.demo.office import furnish
from renkei.domain import breaker
from renkei.domain.matching import Reason
from renkei.domain.phone import Telephone, is_near, read_number
from renkei.models import (
    Agent,
    ApiKey,
    AuditEntry,
    Call,
    ChatbotLinkage,
    ChatConversation,
    ChatLink,
    ChatMessage,
    ExternalApiCall,
    Guidance,
    IncomingRule,
    Installation,
    IvrStep,
    PhoneNumber,
    ResponseBranch,
    User,
)
from renkei.models.secrets import open_fields, seal_fields
from renkei.permissions import holds
from renkei.web.console.audit import ACTIONS
from renkei.web.demo import try_it

pytestmark = pytest.mark.django_db

SOME = 700
TOKYO = ZoneInfo("Asia/Tokyo")


def _rows() -> Counter[str]:
    return Counter(
        {model.__name__: model._default_manager.count() for model in apps.get_app_config("renkei").get_models()}
    )


def test_loading_twice_changes_nothing_and_tells_the_sign_in_once() -> None:
    first = load_demonstration(calls=SOME)
    before = _rows()
    assert first is not None
    assert load_demonstration(calls=SOME) is None
    assert _rows() == before
    assert User.objects.get(username=first.username).check_password(first.password)


def test_every_reason_of_a_link_and_its_histories_are_in_the_sample() -> None:
    load_demonstration(calls=1_500)
    assert set(ChatLink.objects.values_list("reason", flat=True)) == {reason.value for reason in Reason}
    statuses = set(ExternalApiCall.objects.values_list("status", flat=True))
    assert {200, 404, 500, None} <= statuses
    assert set(ChatMessage.objects.values_list("kind", flat=True)) >= {"text", "image", "file", "audio", "location"}
    _assert_calls_agree_with_their_histories()


def _assert_calls_agree_with_their_histories() -> None:
    for call in Call.objects.filter(passed_linkage=True)[:300]:
        link = ChatLink.objects.get(call=call)
        sent = ExternalApiCall.objects.filter(call=call).count()
        assert sent == (0 if link.reason in ("caller_withheld", "settings_error", "switched_off") else 1)
        if link.conversation is not None and link.conversation.identified_at is not None:
            age = call.arrived_at - link.conversation.identified_at
            assert timedelta(0) <= age < timedelta(hours=24)
            assert link.conversation.e164 == call.caller_e164
    calls = Call.objects.count()
    assert Call.objects.filter(ended_at__isnull=False, state="ended").count() == calls
    assert IvrStep.objects.filter(kind="left").count() == calls


def test_every_sample_call_came_while_the_centre_was_open_by_its_own_guidance() -> None:
    load_demonstration(calls=SOME)
    said = re.search(r"午前(\d+)時から午後(\d+)時まで", Guidance.objects.get(name="営業時間外").words)
    assert said is not None
    opens, closes = int(said[1]), int(said[2]) + 12
    hours = {at.astimezone(TOKYO).hour for at in Call.objects.values_list("arrived_at", flat=True)}
    assert hours <= set(range(opens, closes))
    assert len(hours) > 8


def test_a_provider_is_spared_only_after_it_failed_as_often_as_the_rule_says() -> None:
    load_demonstration(calls=SOME)
    requests = [
        (row.at.timestamp() - row.duration_ms / 1_000, row.at.timestamp(), row.connector, row.error)
        for row in ExternalApiCall.objects.filter(connector="dec_support")
    ]
    spared = [error for _, _, _, error in requests if error == "circuit_open"]
    assert len(spared) >= 3
    assert _should_be_spared(sorted(requests)) == [error == "circuit_open" for _, _, _, error in sorted(requests)]


def _should_be_spared(requests: list[tuple[float, float, str, str]]) -> list[bool]:
    circuit, ended, spared = breaker.Breaker(), list[tuple[float, bool]](), list[bool]()
    for began_at, ended_at, _connector, error in requests:
        for at, is_failed in sorted(each for each in ended if each[0] <= began_at):
            circuit = (breaker.fail if is_failed else breaker.succeed)(circuit, at)
        ended = [each for each in ended if each[0] > began_at]
        circuit, is_admitted = breaker.admit(circuit, began_at)
        spared.append(not is_admitted)
        if is_admitted:
            is_failed = error in ("timed_out", "connect_failed") or error.startswith("http_5")
            ended.append((ended_at, is_failed))
    return spared


def test_the_sample_keys_are_of_every_kind_and_none_was_used_before_it_was_made_or_after_it_was_revoked() -> None:
    load_demonstration(calls=SOME)
    keys = list(ApiKey.objects.all())
    kinds = {(key.last_used_at is not None, key.revoked_at is not None) for key in keys}
    assert {(True, False), (True, True), (False, False)} <= kinds
    for key in keys:
        assert key.created_at < (key.last_used_at or key.revoked_at or clock.now())
        assert key.revoked_at is None or key.last_used_at is None or key.last_used_at < key.revoked_at
        made = AuditEntry.objects.get(action="api_key.created", object_id=str(key.pk))
        assert abs(made.at - key.created_at) < timedelta(seconds=5)


def test_the_sample_audit_holds_each_kind_of_deed_at_its_own_time() -> None:
    load_demonstration(calls=SOME)
    now = clock.now()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {
        "api_key.created", "api_key.revoked", "system_settings.edited", "ivr.linkage_edited", "ivr.branch_edited",
        "chat.read", "chat.exported", "call_history.exported",
    }  # fmt: skip
    assert actions <= set(ACTIONS)
    days = {(now - at).days for at in AuditEntry.objects.values_list("at", flat=True)}
    assert len(days) > 30
    assert not AuditEntry.objects.filter(at__gt=now).exists()
    for entry in AuditEntry.objects.filter(resource="conversation"):
        call = Call.objects.get(pk=entry.detail["call"])
        assert entry.at > call.arrived_at
        assert ChatLink.objects.filter(call=call, conversation=int(entry.object_id)).exists()


def test_a_copied_reading_looks_like_one_the_action_wrote() -> None:
    load_demonstration(calls=SOME)
    copied = AuditEntry.objects.filter(action="chat.read", detail__via="popup").select_related("user").latest("at")
    assert copied.user is not None
    open_chat(copied.user, copied.detail["call"], via="popup")
    written = AuditEntry.objects.latest("id")
    assert written.pk != copied.pk
    for name in ("user", "actor", "action", "resource", "object_id", "detail"):
        assert getattr(written, name) == getattr(copied, name)


def test_what_people_saved_in_the_sample_left_everything_as_it_was_furnished() -> None:
    office = furnish()
    before = [list(model.objects.order_by("pk").values()) for model in (Installation, ChatbotLinkage, ResponseBranch)]
    load_demonstration(calls=SOME)
    after = [list(model.objects.order_by("pk").values()) for model in (Installation, ChatbotLinkage, ResponseBranch)]
    assert office.ivrs
    assert after == before


def test_the_sample_numbers_are_valid_and_each_call_found_its_number() -> None:
    load_demonstration(calls=SOME)
    for e164 in PhoneNumber.objects.values_list("e164", flat=True):
        assert read_number(e164) == Telephone(e164)
    assert not Call.objects.filter(number__isnull=True).exists()
    assert not ChatConversation.objects.filter(e164__isnull=True, links__isnull=False).exists()


def test_the_numbers_of_the_try_it_page_are_those_of_the_sample_office() -> None:
    load_demonstration(calls=SOME)
    entry = PhoneNumber.objects.get(e164=try_it.APP_NUMBER).entry_ivr
    assert entry is not None
    assert (entry.linkage.connector, entry.linkage.channel_id) == ("standard", try_it.APP_CHANNEL)
    assert "signing_keys" in open_fields(entry.linkage.secrets or b"")
    caller, forgotten = read_number(try_it.MISTYPER), read_number(try_it.FORGOTTEN)
    assert isinstance(caller, Telephone)
    assert isinstance(forgotten, Telephone)
    assert is_near(caller, try_it.MISTYPED)
    assert not ChatConversation.objects.filter(e164__in=(caller.e164, forgotten.e164)).exists()


def test_an_older_demonstration_is_given_what_it_lacks() -> None:
    furnish()
    linkage = ChatbotLinkage.objects.get(connector="standard")
    linkage.secrets = seal_fields({"token": "changed by hand"})
    linkage.save(update_fields=["secrets"])
    furnish()
    linkage.refresh_from_db()
    fields = open_fields(linkage.secrets or b"")
    assert fields["token"] == "changed by hand"
    assert fields["signing_keys"].startswith("whsec_")


def test_the_newcomer_may_be_the_agent_and_the_customer_at_once() -> None:
    first = load_demonstration(calls=SOME)
    assert first is not None
    newcomer = User.objects.get(username=first.username)
    agent = Agent.objects.get(user=newcomer)
    assert holds(newcomer, "desk.view")
    assert holds(newcomer, "rehearsal.create")
    assert agent.cti.show_chat
    assert agent.cti.numbers.count() == PhoneNumber.objects.count()
    rings: list[Any] = [step for rule in IncomingRule.objects.all() for step in rule.steps if step["do"] == "ring"]
    assert all(agent.pk in step["agents"] for step in rings)
