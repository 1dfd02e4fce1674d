"""The newest connection test of a chat setting as its screen shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from renkei import clock
from renkei.domain.setting_test import Finding, is_overdue
from renkei.models import Agent, ChatSettingTest
from renkei.permissions import require
from renkei.queries.scope import Viewer

OPEN = ("waiting", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingTestShown:
    """One test. ``state`` is waiting, running, done or failed; ``finding`` is there when and only when it is done.
    ``agents`` names the agents in it by their id."""

    id: int
    state: str
    asked_at: datetime
    asked_by: str
    finding: Finding | None
    agents: Mapping[int, str]

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.state in OPEN


def read_newest_setting_test(viewer: Viewer, setting_id: int) -> SettingTestShown | None:
    """The newest test, None before the first. An open one whose time has passed has failed. RejectedError
    ``forbidden``."""
    require(viewer, "chat_setting.view")
    tests = ChatSettingTest.objects.select_related("asked_by").filter(setting_id=setting_id)
    test = tests.order_by("-id").first()
    if test is None:
        return None
    is_dead = test.state in OPEN and is_overdue(test.asked_at, now=clock.now())
    finding = Finding.from_json(test.result) if test.state == ChatSettingTest.State.DONE else None
    ids = [each.agent_id for each in finding.agents if each.agent_id is not None] if finding else []
    agents = Agent.objects.select_related("user").filter(pk__in=ids)
    return SettingTestShown(
        id=test.pk,
        state="failed" if is_dead else test.state,
        asked_at=test.asked_at,
        asked_by=str(test.asked_by or ""),
        finding=finding,
        agents={agent.pk: str(agent) for agent in agents},
    )
