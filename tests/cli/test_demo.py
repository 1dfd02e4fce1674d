"""The sample office: complete, plausible, loaded once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from renkei.cli.demo.load import load_demonstration
from renkei.domain.matching import Reason
from renkei.domain.phone import Telephone, read_number
from renkei.models import (
    Agent,
    Call,
    ChatConversation,
    ChatLink,
    ChatMessage,
    ExternalApiCall,
    IncomingRule,
    IvrStep,
    PhoneNumber,
    User,
)
from renkei.permissions import holds

pytestmark = pytest.mark.django_db

SOME = 700


def _rows() -> Counter[str]:
    return Counter({model.__name__: model.objects.count() for model in apps.get_app_config("renkei").get_models()})


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


def test_the_sample_numbers_are_valid_and_each_call_found_its_number() -> None:
    load_demonstration(calls=SOME)
    for e164 in PhoneNumber.objects.values_list("e164", flat=True):
        assert read_number(e164) == Telephone(e164)
    assert not Call.objects.filter(number__isnull=True).exists()
    assert not ChatConversation.objects.filter(e164__isnull=True, links__isnull=False).exists()


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
