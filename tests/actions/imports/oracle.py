"""The oracle of the import: what must stand in the tables after everything that a chat system showed.

It reads the tables by SQL of its own, through whoever asks: Django in the tests, a bare connection in the kill harness.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import connection

from renkei.domain.closed_chat import is_weak, key_of
from renkei.domain.inbox import write_payload
from tests.actions.imports.source import Importing, parse

Ask = Callable[[str], list[tuple[Any, ...]]]
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What was told about one chat setting. ``shown`` is every record ever shown, pushed or repaired; ``refused`` are
    the keys of chats that the database will not take."""

    setting_id: int
    default_agent: int
    agents: Mapping[str, int]
    shown: Iterable[Record]
    refused: frozenset[str] = frozenset()

    def versions(self) -> dict[str, list[Record]]:
        """Each closed chat's contents by its key, oldest first; the last is what must stand in the end."""
        found: dict[str, list[Record]] = defaultdict(list)
        for each in self.shown:
            if each["open"] or each["broken"]:
                continue
            chat = parse(dict(each))
            assert chat is not None
            found[key_of(chat, self.setting_id)].append(each)
        return {key: sorted(rows, key=_rank) for key, rows in found.items()}


@dataclass(slots=True)
class Stored:
    """The tables of one chat setting, read at once."""

    interactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: int = 0
    texts: dict[int, list[str]] = field(default_factory=dict)
    positions: dict[int, list[int]] = field(default_factory=dict)
    revisions: dict[int, list[tuple[int, list[str]]]] = field(default_factory=dict)
    events: Counter[tuple[str, int]] = field(default_factory=Counter)
    inbox: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    entries: dict[str, list[int]] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    natural: dict[str, int] = field(default_factory=dict)
    lost_cases: int = 0
    lost_customers: int = 0

    def root(self, customer: int) -> int | None:
        """The customer at the end of the chain, None in a circle."""
        seen = set[int]()
        while (parent := self.parents[customer]) is not None:
            if customer in seen:
                return None
            seen.add(customer)
            customer = parent
        return customer


def read(ask: Ask, setting_id: int) -> Stored:
    """Read everything of one setting."""
    stored = Stored()
    names = (
        "id", "state", "registered_agent_id", "current_agent_id", "is_default_agent", "customer_key", "revision",
        "case_id", "is_weak_key",
    )  # fmt: skip
    columns = ", ".join(f"i.{name}" for name in names)
    rows = ask(
        f"SELECT i.external_id, c.customer_id, c.state, {columns} FROM renkei_interaction i"
        f" JOIN renkei_case c ON c.id = i.case_id WHERE i.setting_id = {setting_id} ORDER BY i.id"
    )
    stored.rows = len(rows)
    for key, customer, case_state, *values in rows:
        stored.interactions[key] = {
            "customer": customer, "case_state": case_state, **dict(zip(names, values, strict=True))
        }  # fmt: skip
    whole = f"JOIN renkei_interaction i ON i.id = x.interaction_id AND i.setting_id = {setting_id}"
    for interaction, position, text in ask(
        f"SELECT interaction_id, position, text FROM renkei_interactionmessage x {whole} ORDER BY 1, 2"
    ):
        stored.positions.setdefault(interaction, []).append(position)
        stored.texts.setdefault(interaction, []).append(text)
    for interaction, revision, texts in ask(
        "SELECT interaction_id, x.revision, ARRAY(SELECT e ->> 'text' FROM jsonb_array_elements(x.messages) e)"
        f" FROM renkei_interactionrevision x {whole} ORDER BY 1, 2"
    ):
        stored.revisions.setdefault(interaction, []).append((revision, list(texts)))
    _read_others(ask, setting_id, stored)
    return stored


def _read_others(ask: Ask, setting_id: int, stored: Stored) -> None:
    for kind, interaction in ask(
        "SELECT kind, (refs ->> 'interaction')::bigint FROM renkei_outboxevent"
        f" WHERE (refs ->> 'setting')::bigint = {setting_id}"
    ):
        stored.events[kind, interaction] += 1
    for key, state, interaction in ask(
        f"SELECT external_id, state, interaction_id FROM renkei_inboxitem WHERE setting_id = {setting_id}"
    ):
        stored.inbox[key] = (state, interaction)
    for number, customer in ask(
        f"SELECT registration_number, customer_id FROM renkei_snscustomer WHERE setting_id = {setting_id}"
    ):
        stored.entries.setdefault(number, []).append(customer)
    for customer, parent, natural_key in ask("SELECT id, merged_into_id, natural_key FROM renkei_customer"):
        stored.parents[customer] = parent
        setting, _, key = (natural_key or "").partition(":")
        if setting == str(setting_id):
            stored.natural[key] = customer
    empty = "NOT EXISTS (SELECT FROM renkei_interaction i WHERE i.case_id = c.id)"
    stored.lost_customers = ask(
        "SELECT count(*) FROM renkei_customer c WHERE natural_key IS NULL AND merged_into_id IS NULL"
        " AND NOT EXISTS (SELECT FROM renkei_snscustomer s WHERE s.customer_id = c.id)"
    )[0][0]
    stored.lost_cases = ask(f"SELECT count(*) FROM renkei_case c WHERE {empty}")[0][0]


def find_broken(ask: Ask, told: Told, *, is_settled: bool = True, but: frozenset[str] = frozenset()) -> list[str]:
    """What is not as it must be, a sentence each. ``is_settled`` when the service has come to an end; ``but`` are keys
    of chats that need not be there yet."""
    stored, wanted = read(ask, told.setting_id), told.versions()
    broken = [
        *_chats(stored, wanted, told, is_settled=is_settled, but=but),
        *_revisions(stored, wanted),
        *_people(stored, wanted, told, is_settled=is_settled),
        *_inbox(stored, wanted, told, is_settled=is_settled, but=but),
    ]
    for interaction in stored.interactions.values():
        expected = Counter({"interaction.imported": 1, "interaction.revised": interaction["revision"] - 1})
        found = {kind: stored.events[kind, interaction["id"]] for kind in expected}
        if found != dict(expected):
            broken.append(f"announcements: {found} instead of {dict(expected)}")
    announced = {interaction for _, interaction in stored.events}
    if lost := announced - {each["id"] for each in stored.interactions.values()}:
        broken.append(f"announcements without an interaction: {len(lost)}")
    return broken


def _chats(
    stored: Stored, wanted: Mapping[str, list[Record]], told: Told, *, is_settled: bool, but: frozenset[str]
) -> list[str]:
    """Bijection and content."""
    broken = []
    if stored.rows != len(stored.interactions):
        broken.append("a chat has several interactions")
    if unknown := set(stored.interactions) - set(wanted):
        broken.append(f"interactions of chats nobody showed: {sorted(unknown)}")
    if is_settled:
        if missing := set(wanted) - set(stored.interactions) - told.refused - but:
            broken.append(f"chats without an interaction: {sorted(missing)}")
        if there := set(stored.interactions) & told.refused:
            broken.append(f"refused and there: {sorted(there)}")
    for key, row in stored.interactions.items():
        texts, positions = stored.texts.get(row["id"], []), stored.positions.get(row["id"], [])
        if positions != list(range(len(positions))):
            broken.append(f"torn messages: {key}")
        contents = [list(each["texts"]) for each in wanted.get(key, [])]
        if texts not in contents or (is_settled and key not in but and texts != contents[-1]):
            broken.append(f"the content of {key} is {texts}, shown were {contents}")
        if (row["state"], row["case_state"]) != ("closed", "closed"):
            broken.append(f"not closed: {key}")
        if row["is_weak_key"] != is_weak(key):
            broken.append(f"weak or not: {key}")
    if stored.lost_cases:
        broken.append(f"cases without an interaction: {stored.lost_cases}")
    return broken


def _revisions(stored: Stored, wanted: Mapping[str, list[Record]]) -> list[str]:
    """Each earlier content once, in the order of its versions."""
    broken = []
    for key, row in stored.interactions.items():
        kept = stored.revisions.get(row["id"], [])
        if [number for number, _ in kept] != list(range(1, row["revision"])):
            broken.append(f"revisions of {key}: {[number for number, _ in kept]}, it is the {row['revision']}th")
        contents = [list(each["texts"]) for each in wanted.get(key, [])]
        history = [*(texts for _, texts in kept), stored.texts.get(row["id"], [])]
        to_come = iter(contents)  # what was said once may be said again later
        if not all(texts in to_come for texts in history):
            broken.append(f"the history of {key} is {history}, shown were {contents}")
    return broken


def _people(stored: Stored, wanted: Mapping[str, list[Record]], told: Told, *, is_settled: bool) -> list[str]:
    """The mapped agent or the default one; one root customer for one outside id, one for a chat without."""
    broken = []
    owners: dict[int | None, set[str]] = defaultdict(set)
    for customer in stored.parents:
        if stored.root(customer) is None:
            broken.append("merged_into has a circle")
    for number, customers in stored.entries.items():
        if len(customers) != 1:
            broken.append(f"{number} is {len(customers)} customers")
    if strangers := set(stored.entries) - {each["customer"] for rows in wanted.values() for each in rows}:
        broken.append(f"entries nobody showed: {sorted(strangers)}")
    for key, row in stored.interactions.items():
        root = stored.root(row["customer"])
        owners[root].add(row["customer_key"] if row["customer_key"] != "chat" else f"chat {key}")
        if not is_settled or key not in wanted:
            continue
        newest = wanted[key][-1]
        agent = told.agents.get(newest["agent"], told.default_agent)
        if (row["registered_agent_id"], row["current_agent_id"]) != (agent, agent):
            broken.append(f"the agent of {key}")
        if row["is_default_agent"] != (newest["agent"] not in told.agents):
            broken.append(f"default agent or not: {key}")
        number = newest["customer"]
        known = stored.entries.get(number, [None])[0] if number else stored.natural.get(key)
        if known is None or root is None or stored.root(known) != root:
            broken.append(f"the customer of {key}")
    for root, keys in owners.items():
        if len(keys) > 1 and not any(stored.parents[each] == root for each in stored.parents):
            broken.append(f"one customer for {sorted(keys)}")
    if stored.lost_customers:
        broken.append(f"customers of nobody: {stored.lost_customers}")
    return broken


def _inbox(
    stored: Stored, wanted: Mapping[str, list[Record]], told: Told, *, is_settled: bool, but: frozenset[str]
) -> list[str]:
    """Conservation: what was fetched is done, set aside or waiting, and nothing else."""
    broken = []
    chats = {key: row for key, row in stored.inbox.items() if not key.startswith("raw:")}
    for key, (state, interaction) in chats.items():
        row = stored.interactions.get(key)
        if state == "done" and (row is None or row["id"] != interaction):
            broken.append(f"done without its interaction: {key}")
        if is_settled and state != ("quarantined" if key in told.refused else "done"):
            broken.append(f"{key} is {state} in the end")
    if lost := set(stored.interactions) - set(chats):
        broken.append(f"interactions nobody fetched: {sorted(lost)}")
    if is_settled:
        if set(chats) | but != set(wanted) | but:
            broken.append(f"fetched and shown differ: {sorted((set(chats) ^ set(wanted)) - but)}")
        unread = [state for key, (state, _) in stored.inbox.items() if key.startswith("raw:")]
        ids = {key: {each["id"] for each in rows} for key, rows in wanted.items()}
        readable = {name for names in ids.values() for name in names}
        unreadable = [each for each in told.shown if each["broken"] and not each["open"]]
        least = len({each["id"] for each in unreadable} - readable)
        most = len({write_payload(dict(each)) for each in unreadable})
        if not least <= unread.count("quarantined") <= most or "pending" in unread:
            broken.append(f"set aside are {unread}, unreadable are {least} to {most}")
    return broken


def _rank(each: Record) -> tuple[int, int, str]:
    """Which content is newer; as domain/inbox says, by the digest in the end."""
    return each["version"], len(each["texts"]), sha256(write_payload(dict(each))).hexdigest()


def broken(importing: Importing, shown: Iterable[Record], *, is_settled: bool = True) -> list[str]:
    """The oracle's verdict on a test's own chat setting, read through Django's connection."""

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    told = Told(
        setting_id=importing.setting.pk,
        default_agent=importing.default_agent.pk,
        agents={"A-1": importing.other_agent.pk},
        shown=list(shown),
    )
    return find_broken(ask, told, is_settled=is_settled)
