"""What stands on an Asterisk after a start or a reconnect, read from its channels, bridges and applications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from renkei.telephony.asterisk.book import born_at, is_up, is_with_us, read_caller, read_leg, variable
from renkei.telephony.asterisk.client import Ari
from renkei.telephony.asterisk.names import CALLED
from renkei.telephony.port import Stage, StandingCall


@dataclass(frozen=True, slots=True)
class Leg:
    """An agent's channel that belongs to a call."""

    channel: Mapping[str, Any]
    line_id: str
    ring_id: str
    extension: str


@dataclass(frozen=True, slots=True)
class Found:
    """A call as it stands: its caller's channel, the agents' legs, the bridge it is or was in."""

    channel: Mapping[str, Any]
    legs: tuple[Leg, ...]
    bridge: Mapping[str, Any] | None
    owner: str
    """The application that holds it; empty when none does any more."""

    @property
    def line_id(self) -> str:
        """The caller's channel."""
        return str(self.channel["id"])

    @property
    def agent(self) -> Leg | None:
        """The agent who is talking: answered, and in the call's bridge."""
        together = set(self.bridge["channels"]) if self.bridge is not None else set()
        return next((leg for leg in self.legs if is_up(leg.channel) and leg.channel["id"] in together), None)

    @property
    def is_held(self) -> bool:
        """Whether the agent is in the bridge without the caller."""
        return self.agent is not None and self.bridge is not None and self.line_id not in self.bridge["channels"]

    def describe(self, app: str, now: datetime) -> StandingCall:
        """The call in the port's words."""
        agent = self.agent
        stage = Stage.TALKING if agent else Stage.RINGING if self.legs else Stage.WAITING
        age = max(timedelta(0), now - born_at(self.channel))
        return StandingCall(
            self.line_id, read_caller(self.channel), variable(self.channel, CALLED), stage,
            agent.extension if agent else None, age, ring_id=agent.ring_id if agent else "", is_held=self.is_held,
            mine=self.owner == app,
        )  # fmt: skip


async def find_standing(ari: Ari) -> Sequence[Found]:
    """Every customer's call that is in a worker's hands, a dead worker's included; calls in the dialplan are not."""
    channels, bridges, applications = await ari.channels(), await ari.bridges(), await ari.applications()
    owners = {channel: str(app["name"]) for app in applications for channel in app["channel_ids"]}
    legs = [Leg(channel, *belongs) for channel in channels if (belongs := read_leg(channel)) is not None]
    found = []
    for channel in channels:
        if not variable(channel, CALLED) or not is_with_us(channel):
            continue
        own = tuple(leg for leg in legs if leg.line_id == channel["id"])
        names = {str(channel["id"]), *(str(leg.channel["id"]) for leg in own if is_up(leg.channel))}
        own_bridges = [bridge for bridge in bridges if names & set(bridge["channels"])]
        bridge = max(own_bridges, key=lambda each: len(each["channels"]), default=None)
        found.append(Found(channel, own, bridge, owners.get(str(channel["id"]), "")))
    return found
