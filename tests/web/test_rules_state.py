"""着信ルール says whether the telephone system has the rules, and what to do when it has not (P1)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from renkei import clock
from renkei.actions.settings.line import save_rule
from renkei.domain.rules import BusyStep, RingStep
from renkei.errors import RejectedError
from renkei.models import IncomingRule, RulesTold, Worker
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db


def _shown() -> str:
    client = sign_in(make_person(ADMINISTRATOR), language="ja")
    return client.get(reverse("console:rules")).content.decode()


def _worker(name: str, problem: str | None, *, minutes: int = 1) -> None:
    now = clock.now()
    Worker.objects.create(name=name, lease_until=now + timedelta(minutes=1))
    if problem is not None:
        RulesTold.objects.create(worker=name, read_at=now + timedelta(minutes=minutes), problem=problem)


def test_a_rule_that_reached_every_telephone_system_is_said_to_be_applied() -> None:
    IncomingRule.objects.create(name="夜間", steps=[{"do": "busy"}])
    _worker("state-1", "")
    assert "反映済み" in _shown()
    _worker("state-2", None)
    assert "反映中" in _shown()


@pytest.mark.parametrize(
    ("problem", "advice"),
    [("away", "Asteriskが動いているか"), ("not_written", "空き容量"), ("refused", "Asteriskのログ")],
)
def test_a_rule_that_did_not_reach_it_is_said_with_what_to_do(problem: str, advice: str) -> None:
    _worker("state-1", problem)
    shown = _shown()
    assert advice in shown
    assert "反映済み" not in shown


def test_without_a_worker_it_says_so() -> None:
    assert "通話ワーカーが動いていません" in _shown()


def test_a_rule_that_the_telephone_system_could_not_run_alone_is_refused() -> None:
    """Proves R55."""
    actor = make_person(ADMINISTRATOR)
    with pytest.raises(RejectedError) as refused:
        save_rule(actor, None, name="呼出", steps=(RingStep((987654,), 20), BusyStep()))
    assert refused.value.code == "rule_rings_nobody"
    assert not IncomingRule.objects.filter(name="呼出").exists()
