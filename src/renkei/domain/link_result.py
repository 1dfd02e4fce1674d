"""What somebody who asked for a link is told: the same when it is decided and when they ask again (R76, B13)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from renkei.domain.matching import Branch, LinkDecision, Message, Reason, Source, branch_of, message_of


@dataclass(frozen=True, slots=True)
class LinkResult:
    """The outcome of a link attempt without its reasoning. ``conversation_id`` is None where nothing was linked, and
    where the linked chat has been taken away since; ``claimed_by`` counts the chats that named the number."""

    reason: Reason
    source: Source | None
    window: timedelta
    conversation_id: int | None
    claimed_by: int

    @classmethod
    def of(cls, decision: LinkDecision, *, window: timedelta) -> Self:
        """The result of a decision just made."""
        chosen = None if decision.chosen is None else decision.chosen.id
        return cls(decision.reason, decision.source, window, chosen, len(decision.claimed_by))

    @property
    def branch(self) -> Branch:
        """Where the linkage IVR would go on."""
        return branch_of(self.reason)

    @property
    def message(self) -> tuple[Message, dict[str, float]] | None:
        """The code of R120, R121 or R126 with its parameters; None when a chat was linked."""
        return message_of(self.reason, self.window)
