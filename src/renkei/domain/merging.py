"""Decides a merge of two customers (名寄せ) and its undoing: whose values stay, where cases go (R164, B4).

One customer, the survivor, takes the other one in. The merged one's row keeps its values and points at the survivor.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from renkei.domain.letter_pairs import fold
from renkei.domain.people import sort_key
from renkei.errors import RejectedError

LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A customer's own values. ``e164`` and ``email_key`` are ``phone`` and ``email`` as they are compared;
    ``updated_at`` is ISO 8601."""

    name: str = ""
    name_kana: str = ""
    sort_key: str = ""
    phone: str = ""
    e164: str | None = None
    email: str = ""
    email_key: str = ""
    note: str = ""
    updated_at: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "name_kana": ("name_kana",),
    "phone": ("phone", "e164"),
    "email": ("email", "email_key"),
    "note": ("note",),
}
"""What people choose between, and the values that go with it."""


class Side(StrEnum):
    """Whose value a field takes; BOTH, of notes alone, puts one below the other."""

    SURVIVOR = "survivor"
    MERGED = "merged"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """One field of both. With one option there is nothing to choose: equal, or one of them has none."""

    field: str
    survivor: str
    merged: str
    options: tuple[Side, ...]
    default: Side

    @property
    def is_conflict(self) -> bool:
        """Whether somebody has to choose."""
        return len(self.options) > 1


def compare_fields(survivor: Facts, merged: Facts) -> tuple[FieldChoice, ...]:
    """Each field with both values and what may be chosen."""
    return tuple(_compare(field, survivor, merged) for field in FIELDS)


def _compare(field: str, survivor: Facts, merged: Facts) -> FieldChoice:
    ours, theirs = getattr(survivor, field), getattr(merged, field)
    options: tuple[Side, ...] = (Side.SURVIVOR, Side.MERGED)
    if (
        field == "name_kana"
        and _differ("name", survivor, merged)
        and not _same(field, survivor, merged)
        and (ours or theirs)
    ):
        pass  # the reading belongs to its name: an empty one is no reason to read one's name as the other's
    elif not theirs or (ours and not _differ(field, survivor, merged)):
        options = (Side.SURVIVOR,)
    elif not ours:
        options = (Side.MERGED,)
    elif field == "note" and len(_join_notes(ours, theirs)) <= LONGEST_NOTE:
        options = (Side.BOTH, *options)
    return FieldChoice(field=field, survivor=ours, merged=theirs, options=options, default=options[0])


def choose(survivor: Facts, merged: Facts, winners: Mapping[str, str]) -> Facts:
    """The survivor's values after the merge; ``updated_at`` is left as it was.

    ``winners`` names a Side for fields in conflict; the default is taken where it names none. RejectedError
    ``unknown_choice`` for one that cannot be chosen.
    """
    chosen = survivor
    for each in compare_fields(survivor, merged):
        winner = winners.get(each.field, each.default)
        if winner not in each.options:
            raise RejectedError("unknown_choice")
        if winner == Side.BOTH:
            chosen = replace(chosen, note=_join_notes(each.survivor, each.merged))
        elif winner == Side.MERGED:
            chosen = replace(chosen, **{name: getattr(merged, name) for name in FIELDS[each.field]})
    return _read_again(chosen, survivor, merged)


def _join_notes(ours: str, theirs: str) -> str:
    return f"{ours}\n{theirs}"


def _read_again(facts: Facts, *known: Facts) -> Facts:
    """With the place in lists that belongs to the name; a known name keeps the place it had."""
    for each in known:
        if (each.name, each.name_kana) == (facts.name, facts.name_kana):
            return replace(facts, sort_key=each.sort_key)
    return replace(facts, sort_key=sort_key(facts.name, facts.name_kana))


def _differ(field: str, one: Facts, other: Facts) -> bool:
    """Whether both have a value and it is not the same, however it is written."""
    ours, theirs = (_compared(field, each) for each in (one, other))
    return bool(ours) and bool(theirs) and ours != theirs


def _same(field: str, one: Facts, other: Facts) -> bool:
    ours = _compared(field, one)
    return bool(ours) and ours == _compared(field, other)


def _compared(field: str, facts: Facts) -> str:
    match field:
        case "phone":
            return facts.e164 or facts.phone
        case "email":
            return facts.email_key or facts.email
        case "note":
            return facts.note.strip()
        case _:  # 山田 花子 is 山田花子
            return fold(getattr(facts, field)).replace(" ", "")


class Evidence(StrEnum):
    """What speaks for two customers being one person, or against it."""

    SAME_NAME = "same_name"
    SAME_KANA = "same_kana"
    SAME_NUMBER = "same_number"
    SAME_EMAIL = "same_email"
    OTHER_NAME = "other_name"
    OTHER_KANA = "other_kana"
    OTHER_NUMBER = "other_number"
    OTHER_EMAIL = "other_email"
    TWO_ACCOUNTS = "two_accounts"
    """One chat system knows them under two ids."""
    UNDONE_BEFORE = "undone_before"
    """They were merged once, and somebody took it back."""


_EVIDENCE: Mapping[str, tuple[Evidence, Evidence]] = {
    "name": (Evidence.SAME_NAME, Evidence.OTHER_NAME),
    "name_kana": (Evidence.SAME_KANA, Evidence.OTHER_KANA),
    "phone": (Evidence.SAME_NUMBER, Evidence.OTHER_NUMBER),
    "email": (Evidence.SAME_EMAIL, Evidence.OTHER_EMAIL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The evidence. ``is_likely`` is never more than a suggestion, and never rests on a telephone number alone:
    families and companies share theirs."""

    speaks_for: tuple[Evidence, ...]
    against: tuple[Evidence, ...]
    is_likely: bool


def weigh(one: Facts, other: Facts, *, has_two_accounts: bool = False, was_undone: bool = False) -> Weighed:
    """Compare two customers. Which of them comes first changes nothing."""
    speaks_for = [word for field, (word, _) in _EVIDENCE.items() if _same(field, one, other)]
    against = [word for field, (_, word) in _EVIDENCE.items() if _differ(field, one, other)]
    against += [Evidence.TWO_ACCOUNTS] * has_two_accounts + [Evidence.UNDONE_BEFORE] * was_undone
    return Weighed(
        speaks_for=tuple(speaks_for),
        against=tuple(against),
        is_likely=not was_undone and _is_likely(set(speaks_for), set(against)),
    )


def _is_likely(speaks_for: set[Evidence], against: set[Evidence]) -> bool:
    if against & {Evidence.OTHER_NAME, Evidence.OTHER_KANA}:
        return False
    if Evidence.SAME_EMAIL in speaks_for:
        return True
    contradicted = bool(against & {Evidence.OTHER_NUMBER, Evidence.OTHER_EMAIL})
    is_named = {Evidence.SAME_NAME, Evidence.SAME_KANA} <= speaks_for and not contradicted
    return is_named or {Evidence.SAME_NAME, Evidence.SAME_NUMBER} <= speaks_for


def fingerprint(survivor: Facts, merged: Facts) -> str:
    """What somebody saw of both when they decided; another one means that it is not so any more."""
    seen = json.dumps([survivor.to_json(), merged.to_json()], sort_keys=True)
    return hashlib.sha256(seen.encode()).hexdigest()[:32]


def join_trees(roots: Mapping[int, int | None], *, merged: int, survivor: int) -> dict[int, int]:
    """Who points where after a merge, in the order to be written; one step leads from everybody to the root.

    ``roots`` maps customers to those they were merged into, None for roots; those not in it do not exist.
    RejectedError: ``not_found``, ``merge_with_itself``, ``merged_already`` when either is no root.
    """
    if merged == survivor:
        raise RejectedError("merge_with_itself")
    for each in (survivor, merged):
        if each not in roots:
            raise RejectedError("not_found")
        if roots[each] is not None:
            raise RejectedError("merged_already", customer=each)
    followers = sorted(each for each, root in roots.items() if root == merged)
    return {**dict.fromkeys(followers, survivor), merged: survivor}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The survivor's values before and after a merge into it."""

    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut:
    """A survivor without one of its merges. ``later`` are the steps after it as they would have been; ``kept`` names
    the fields that people have changed since, which stay."""

    current: Facts
    later: tuple[Step, ...]
    kept: tuple[str, ...]


def take_out(undone: Step, later: Sequence[Step], current: Facts) -> TakenOut:
    """Take a merge out of a survivor's history: a value that came with it goes, through all later merges that merely
    kept it, back to what was there before; one that anybody has written since stays."""
    steps, kept, bare = list(later), [], current
    for field, names in (*FIELDS.items(), ("updated_at", ("updated_at",))):
        brought, was = _values(undone.after, names), _values(undone.before, names)
        if brought == was:
            continue
        place = 0
        while place < len(steps) and _values(steps[place].before, names) == brought:
            merely_kept = _values(steps[place].after, names) == brought
            steps[place] = replace(steps[place], before=_put(steps[place].before, names, was))
            if not merely_kept:
                break
            steps[place] = replace(steps[place], after=_put(steps[place].after, names, was))
            place += 1
        if place == len(steps) and _values(bare, names) == brought:
            bare = _put(bare, names, was)
        elif field in FIELDS and _was_written(later, place, current, names, brought):
            kept.append(field)
    return TakenOut(
        current=_read_again(bare, current, undone.before),
        later=tuple(
            Step(
                before=_read_again(new.before, old.before, undone.before),
                after=_read_again(new.after, old.after, undone.before),
            )
            for new, old in zip(steps, later, strict=True)
        ),
        kept=tuple(kept),
    )


def _was_written(
    later: Sequence[Step], place: int, current: Facts, names: Sequence[str], brought: tuple[Any, ...]
) -> bool:
    """Whether a person wrote the value after the merge, rather than a later merge."""
    here = current if place == len(later) else later[place].before
    return _values(here, names) != brought


def _values(facts: Facts, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(facts, name) for name in names)


def _put(facts: Facts, names: Sequence[str], values: Sequence[Any]) -> Facts:
    return replace(facts, **dict(zip(names, values, strict=True)))


def place_case(
    now: frozenset[str], returning: frozenset[str], staying: frozenset[str], before: tuple[Side, frozenset[str]] | None
) -> Side:
    """Whose a case of the survivor is when the merged one comes back.

    ``now`` are the keys under which its interactions came, ``returning`` and ``staying`` those of either customer,
    ``before`` whose the case was at the merge and under which keys; None when it is newer.
    """
    if before is not None and before[1] == now:
        return before[0]
    if now and now <= returning:
        return Side.MERGED
    if before is None or (now and now <= staying):
        return Side.SURVIVOR
    return before[0]


def entry_key(setting_id: int, registration_number: str) -> str:
    """The key of an SNS entry, as interactions carry it."""
    return f"{setting_id}:id:{registration_number}"


def chat_key(natural_key: str) -> str:
    """The key of the chat that a customer without an id was made for."""
    setting, _colon, chat = natural_key.partition(":")
    return f"{setting}:chat:{chat}"
