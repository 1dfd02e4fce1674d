"""A batch of stored chats becomes interactions: all of it in one transaction under the fence, or nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.actions.imports.fence import Lease, fenced, run, run_all, run_one
from renkei.actions.realtime.text import fit
from renkei.domain.importing import (
    Arriving,
    BatchPlan,
    ImportPlan,
    ImportRules,
    Known,
    NewCustomer,
    contact_of,
    keep_searched,
    natural_key,
    plan_batch,
    read_content,
)
from renkei.domain.people import sort_key
from renkei.models.statements import imports, merging

MOST_BYTES = 8_000_000
"""Of the records of one batch."""
MOST_ROUNDS = 20
"""A merge may take a customer's root away while we ask for it; so often we ask again."""


@dataclass(frozen=True, slots=True)
class PendingItem:
    """A chat waiting in the inbox, as it was stored."""

    item_id: int
    key: str
    revision: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did. ``unchanged`` chats had the same content as their interaction already."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0
    skipped: int = 0
    """Newer content came in while this batch was being read; it waits its own turn."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """An interaction that is there already."""

    id: int
    case_id: int
    content_sha256: str
    customer_key: str
    revision: int
    edited: Mapping[str, str]
    kept_title: str
    """The case's title where people have changed it."""


def read_pending(lease: Lease, *, most: int, after: int = 0) -> tuple[PendingItem, ...]:
    """The chats whose turn it is, oldest first, with ids beyond ``after``: at most ``most``, and not more bytes than
    a batch can bear."""
    given = {"setting": lease.setting_id, "most": most, "after": after, "most_bytes": MOST_BYTES}
    rows = run_all(imports.PENDING, given)
    return tuple(PendingItem(item, key, revision, bytes(payload)) for item, key, revision, payload in rows)


def apply_batch(lease: Lease, arriving: Sequence[Arriving], rules: ImportRules) -> Applied:
    """Make interactions, customers, messages and announcements of a batch, and mark its chats as done.

    Doing it twice changes nothing. Raises StaleLeaseError; anything else means that a chat in the batch cannot be
    applied: nothing was written, and the caller splits the batch.
    """
    contents = {each.item_id: read_content(each.chat, rules) for each in arriving}
    with fenced(lease):
        waiting = _lock_items(lease, arriving)
        taken = [each for each in arriving if each.item_id in waiting]
        if not taken:
            return Applied(skipped=len(arriving))
        plan = plan_batch(taken, _learn(taken, rules), rules, contents)
        applied = _write(plan, rules)
        run_one(imports.TELL, setting=str(rules.setting_id))
    return Applied(*applied, skipped=len(arriving) - len(taken))


def _lock_items(lease: Lease, arriving: Sequence[Arriving]) -> set[int]:
    params = {
        "setting": lease.setting_id,
        "items": [each.item_id for each in arriving],
        "revisions": [each.revision for each in arriving],
    }
    return {item for (item,) in run_all(imports.LOCK_ITEMS, params)}


def _learn(arriving: Sequence[Arriving], rules: ImportRules) -> Known:
    """Ask for everything the plan needs to know, a handful of statements for the whole batch."""
    run_one(merging.NO_MERGE_BESIDE)
    setting = rules.setting_id
    agents = sorted({each.chat.agent_number[:200] for each in arriving if each.chat.agent_number})
    numbers = sorted({each.chat.customer_number[:200] for each in arriving if each.chat.customer_number})
    keys = sorted({natural_key(rules, each.key) for each in arriving if not each.chat.customer_number})
    chats = [each.key for each in arriving if not each.chat.customer_number]
    by_e164, by_email = _learn_contacts(arriving) if rules.reuses_customers else ({}, {})
    return Known(
        agents=dict(run_all(imports.AGENTS, {"setting": setting, "numbers": agents})),
        by_number=_find_roots(
            imports.CUSTOMERS_BY_NUMBER, imports.COUNT_ENTRIES, {"setting": setting, "numbers": numbers}
        ),
        by_natural_key=_find_roots(imports.CUSTOMERS_BY_NATURAL_KEY, imports.COUNT_NATURAL_KEYS, {"keys": keys}),
        by_chat=dict(run_all(imports.CUSTOMERS_BY_CHAT, {"setting": setting, "keys": chats})),
        by_e164=by_e164,
        by_email=by_email,
    )


def _find_roots(statement: str, count: str, params: Mapping[str, Any]) -> dict[str, int]:
    """The root customer behind each key, locked against being merged away until our commit."""
    wanted = run_all(count, params)[0][0]
    for _ in range(MOST_ROUNDS):
        found = {key: int(root) for key, root in run_all(statement, params)}
        if len(found) >= wanted:
            return found
    raise RuntimeError("a customer has no root")


def _learn_contacts(arriving: Sequence[Arriving]) -> tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]:
    run_one(imports.LOCK_CONTACTS)
    contacts = [contact_of(each.chat) for each in arriving]
    params = {
        "numbers": sorted({each.e164 for each in contacts if each.e164 is not None}),
        "addresses": sorted({each.email for each in contacts if each.email is not None}),
    }
    by_e164: dict[str, set[int]] = {}
    by_email: dict[str, set[int]] = {}
    for customer, e164, email in run_all(imports.CUSTOMERS_BY_CONTACT, params):
        if e164 is not None:
            by_e164.setdefault(e164, set()).add(customer)
        if email:
            by_email.setdefault(email, set()).add(customer)
    return (
        {key: frozenset(found) for key, found in by_e164.items()},
        {key: frozenset(found) for key, found in by_email.items()},
    )


def _write(plan: BatchPlan, rules: ImportRules) -> tuple[int, int, int]:
    customers = _add_customers(plan, rules)
    stored = _find_interactions(plan, rules)
    created = [each for each in plan.plans if each.arriving.key not in stored]
    revised = [
        each
        for each in plan.plans
        if each.arriving.key in stored and stored[each.arriving.key].content_sha256 != each.content_sha256
    ]
    ids = {key: each.id for key, each in stored.items()}
    ids |= _add_interactions(created, customers, rules)
    _renew_interactions(revised, stored, customers)
    _add_messages((*created, *revised), ids)
    _announce(created, revised, stored, ids, rules)
    _finish(plan.plans, ids)
    return len(created), len(revised), len(plan.plans) - len(created) - len(revised)


def _add_customers(plan: BatchPlan, rules: ImportRules) -> dict[int, int]:
    """Found the new customers and SNS entries; the ids by their places in the batch."""
    new = plan.customers
    ids = _new_ids(imports.NEW_CUSTOMER_IDS, len(new))
    if new:
        run(
            imports.ADD_CUSTOMERS,
            ids=ids,
            names=[fit(each.name) for each in new],
            sort_keys=[sort_key(fit(each.name), "") for each in new],
            phones=[fit(each.phone) for each in new],
            e164s=[each.e164 for each in new],
            emails=[fit(each.email) for each in new],
            email_keys=[fit(each.email_key) for each in new],
            natural_keys=[each.natural_key for each in new],
        )
    by_place = dict(zip((each.place for each in new), ids, strict=True))
    if plan.entries:
        run(
            imports.ADD_ENTRIES,
            setting=rules.setting_id,
            customers=[_customer_id(each.customer, by_place) for each in plan.entries],
            numbers=[each.number for each in plan.entries],
            display_names=[fit(each.display_name) for each in plan.entries],
        )
    return by_place


def _customer_id(customer: int | NewCustomer, by_place: Mapping[int, int]) -> int:
    return by_place[customer.place] if isinstance(customer, NewCustomer) else customer


def _find_interactions(plan: BatchPlan, rules: ImportRules) -> dict[str, _Stored]:
    params = {"setting": rules.setting_id, "keys": [each.arriving.key for each in plan.plans]}
    return {
        key: _Stored(interaction, case, sha256, customer_key, revision, json.loads(edited), title)
        for key, interaction, case, revision, sha256, customer_key, edited, title in run_all(
            imports.INTERACTIONS, params
        )
    }


def _add_interactions(plans: Sequence[ImportPlan], customers: Mapping[int, int], rules: ImportRules) -> dict[str, int]:
    """One case with one closed interaction for each new chat (R140, D11)."""
    if not plans:
        return {}
    cases = _new_ids(imports.NEW_CASE_IDS, len(plans))
    ids = _new_ids(imports.NEW_INTERACTION_IDS, len(plans))
    chats = [each.arriving.chat for each in plans]
    run(
        imports.ADD_CASES,
        cases=cases,
        titles=[fit(each.items.get("title", "")) for each in plans],
        customers=[_customer_id(each.customer, customers) for each in plans],
        group=rules.group_id,
        started=[chat.started_at for chat in chats],
        closed=[chat.closed_at for chat in chats],
    )
    run(
        imports.ADD_INTERACTIONS,
        setting=rules.setting_id,
        group=rules.group_id,
        cases=cases,
        keys=[each.arriving.key for each in plans],
        weak=[each.is_weak_key for each in plans],
        **_columns(plans, ids),
    )
    return dict(zip((each.arriving.key for each in plans), ids, strict=True))


def _renew_interactions(
    plans: Sequence[ImportPlan], stored: Mapping[str, _Stored], customers: Mapping[int, int]
) -> None:
    """The newest content takes the place of the earlier one, which stays as a revision."""
    if not plans:
        return
    ids = [stored[each.arriving.key].id for each in plans]
    run(imports.KEEP_REVISIONS, ids=ids)
    run(imports.CUT_MESSAGES, ids=ids)
    run(imports.RENEW_CASES, ids=ids, titles=[fit(each.items.get("title", "")) for each in plans])
    seen = [(each, stored[each.arriving.key]) for each in plans]
    searchable = [keep_searched(each, before.edited, before.kept_title) for each, before in seen]
    run(imports.RENEW_INTERACTIONS, **_columns(searchable, ids))
    moved = [each for each in plans if stored[each.arriving.key].customer_key != each.customer_key]
    if moved:
        run(
            imports.MOVE_CASES,
            cases=[stored[each.arriving.key].case_id for each in moved],
            customers=[_customer_id(each.customer, customers) for each in moved],
        )


def _columns(plans: Sequence[ImportPlan], ids: Sequence[int]) -> dict[str, Any]:
    """What a chat says of its interaction, new or renewed."""
    chats = [each.arriving.chat for each in plans]
    return {
        "ids": list(ids),
        "agents": [each.agent_id for each in plans],
        "defaults": [each.is_default_agent for each in plans],
        "agent_numbers": [fit(chat.agent_number, 200) for chat in chats],
        "customer_keys": [fit(each.customer_key, 220) for each in plans],
        "sha256s": [each.content_sha256 for each in plans],
        "items": [json.dumps({name: fit(text) for name, text in each.items.items()}) for each in plans],
        "searched": [each.search_text for each in plans],
        "pairs": ["\n".join(each.pairs) for each in plans],
        "started": [chat.started_at for chat in chats],
        "closed": [chat.closed_at for chat in chats],
    }


def _add_messages(plans: Iterable[ImportPlan], ids: Mapping[str, int]) -> None:
    rows = [
        (ids[plan.arriving.key], position, message)
        for plan in plans
        for position, message in enumerate(plan.arriving.chat.messages)
    ]
    if rows:
        run(
            imports.ADD_MESSAGES,
            ids=[interaction for interaction, _, _ in rows],
            positions=[position for _, position, _ in rows],
            speakers=[message.speaker.value for _, _, message in rows],
            authors=[fit(message.author, 200) for _, _, message in rows],
            kinds=[message.kind.value for _, _, message in rows],
            texts=[fit(message.text) for _, _, message in rows],
            urls=[None if message.url is None else fit(message.url) for _, _, message in rows],
            times=[message.sent_at for _, _, message in rows],
        )


def _announce(
    created: Sequence[ImportPlan],
    revised: Sequence[ImportPlan],
    stored: Mapping[str, _Stored],
    ids: Mapping[str, int],
    rules: ImportRules,
) -> None:
    """One announcement for each interaction, one more for each later revision of it."""
    rows = [("interaction.imported", f"imported:{ids[each.arriving.key]}", each) for each in created]
    for each in revised:
        before = stored[each.arriving.key]
        rows.append(("interaction.revised", f"revised:{before.id}:{before.revision + 1}", each))
    if rows:
        run(
            imports.ADD_OUTBOX,
            setting=rules.setting_id,
            kinds=[kind for kind, _, _ in rows],
            keys=[key for _, key, _ in rows],
            ids=[ids[each.arriving.key] for _, _, each in rows],
        )


def _finish(plans: Sequence[ImportPlan], ids: Mapping[str, int]) -> None:
    run(
        imports.FINISH_ITEMS,
        items=[each.arriving.item_id for each in plans],
        interactions=[ids[each.arriving.key] for each in plans],
    )


def _new_ids(statement: str, count: int) -> list[int]:
    return [int(number) for (number,) in run_all(statement, {"count": count})] if count else []
