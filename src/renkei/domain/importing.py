"""Decides what an imported chat becomes: whose it is, which customer, which items (D8, D11, R141, R155 to R163).

A batch is decided in the order given, and what one chat founds the next one finds, so that the size of the batches
changes nothing.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from renkei.domain.closed_chat import ClosedChat, digest_of, is_weak
from renkei.domain.interaction_items import fill_items
from renkei.domain.phone import Telephone, read_number
from renkei.domain.searched import pairs_in, renew_searched, write_searched


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRules:
    """What a service's snapshot says about what its chats become."""

    setting_id: int
    setting_name: str
    group_id: int
    default_agent_id: int
    template: Mapping[str, str] = field(default_factory=dict)
    reuses_customers: bool = False
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))


@dataclass(frozen=True, slots=True)
class Arriving:
    """A chat to be applied: its inbox row, the revision of it that was read, its key, and what it says."""

    item_id: int
    revision: int
    key: str
    chat: ClosedChat


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone number and an e-mail address in the form they are compared in; None where there is none."""

    e164: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What our database knows of a batch. Customers are roots: no one merged away stands here.

    ``by_number`` maps the chat system's customer ids; ``by_natural_key`` the chats customers were made for;
    ``by_chat`` the customers of chats imported before without an id: a revision does not look for them anew;
    ``by_e164`` and ``by_email`` list every root with that contact, and are empty unless customers are reused (D8).
    """

    agents: Mapping[str, int] = field(default_factory=dict)
    by_number: Mapping[str, int] = field(default_factory=dict)
    by_natural_key: Mapping[str, int] = field(default_factory=dict)
    by_chat: Mapping[str, int] = field(default_factory=dict)
    by_e164: Mapping[str, frozenset[int]] = field(default_factory=dict)
    by_email: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer to be made. ``place`` counts within the batch; ``natural_key`` is set without an outside id."""

    place: int
    name: str
    phone: str
    e164: str | None
    email: str
    email_key: str
    natural_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An SNS-customer entry to be made (R161) for a stored or a new customer."""

    number: str
    display_name: str
    customer: "int | NewCustomer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What one chat becomes."""

    arriving: Arriving
    agent_id: int
    is_default_agent: bool
    customer: int | NewCustomer
    customer_key: str
    items: Mapping[str, str]
    content_sha256: str
    search_text: str
    pairs: Sequence[str]
    is_weak_key: bool


def keep_searched(plan: ImportPlan, edited: Mapping[str, str], title: str) -> ImportPlan:
    """The plan of a later content of a chat whose items, or whose case's ``title``, people have changed: search goes
    on finding their words."""
    if not edited and not title:
        return plan
    search_text = renew_searched(plan.search_text, [title, *{**plan.items, **edited}.values()])
    return replace(plan, search_text=search_text, pairs=pairs_in(search_text))


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch becomes: the plans in the order given, the customers and entries to be made before them."""

    plans: tuple[ImportPlan, ...]
    customers: tuple[NewCustomer, ...]
    entries: tuple[NewEntry, ...]


def contact_of(chat: ClosedChat) -> Contact:
    """The chat's customer as D8 compares it."""
    number = read_number(chat.customer_phone) if chat.customer_phone else None
    return Contact(number.e164 if isinstance(number, Telephone) else None, email_key(chat.customer_email) or None)


def email_key(address: str) -> str:
    """An address in the form it is compared in; empty for what is none."""
    plain = unicodedata.normalize("NFKC", address).strip().casefold()[:254]
    return plain if "@" in plain[1:-1] and not any(each.isspace() for each in plain) else ""


def natural_key(rules: ImportRules, key: str) -> str:
    """The key of a customer who has no id over there: the chat itself."""
    return f"{rules.setting_id}:{key}"


@dataclass(frozen=True, slots=True)
class Content:
    """What depends on a chat and the rules alone, worked out before anything is locked: it takes the longest."""

    items: Mapping[str, str]
    content_sha256: str
    search_text: str
    pairs: Sequence[str]


def read_content(chat: ClosedChat, rules: ImportRules) -> Content:
    """The items, the digest, and what search looks at."""
    items = fill_items(rules.template, chat, setting_name=rules.setting_name, zone=rules.zone)
    said = [chat.subject, chat.customer_name, *(each.text for each in chat.messages)]
    search_text = write_searched(said, items.values())
    return Content(items, digest_of(chat), search_text, pairs_in(search_text))


def plan_batch(
    arriving: Iterable[Arriving], known: Known, rules: ImportRules, contents: Mapping[int, Content] | None = None
) -> BatchPlan:
    """Decide a batch. Pure; what is not in ``known`` is taken for unknown. ``contents`` are those worked out already,
    by the inbox row's id."""
    founded = _Founded(known, rules)
    ready = contents or {}
    plans = tuple(
        _plan(each, known, rules, founded, ready.get(each.item_id) or read_content(each.chat, rules))
        for each in arriving
    )
    return BatchPlan(plans, tuple(founded.customers), tuple(founded.entries))


def _plan(arriving: Arriving, known: Known, rules: ImportRules, founded: "_Founded", content: Content) -> ImportPlan:
    chat = arriving.chat
    matched = known.agents.get(chat.agent_number) if chat.agent_number else None
    customer, customer_key = founded.find(arriving)
    return ImportPlan(
        arriving=arriving,
        agent_id=rules.default_agent_id if matched is None else matched,
        is_default_agent=matched is None,
        customer=customer,
        customer_key=customer_key,
        items=content.items,
        content_sha256=content.content_sha256,
        search_text=content.search_text,
        pairs=content.pairs,
        is_weak_key=is_weak(arriving.key),
    )


class _Founded:
    """The customers of a batch as they are found or founded, one after the other."""

    def __init__(self, known: Known, rules: ImportRules) -> None:
        self._rules = rules
        self._known = known
        self._by_number: dict[str, int | NewCustomer] = dict(known.by_number)
        self._by_natural_key: dict[str, int | NewCustomer] = dict(known.by_natural_key)
        self._new_by_e164: dict[str, list[NewCustomer]] = {}
        self._new_by_email: dict[str, list[NewCustomer]] = {}
        self.customers: list[NewCustomer] = []
        self.entries: list[NewEntry] = []

    def find(self, arriving: Arriving) -> tuple[int | NewCustomer, str]:
        """The chat's customer and by what it was found."""
        number = arriving.chat.customer_number[:200]
        if not number:
            return self._find_without_number(arriving), "chat"
        if number not in self._by_number:
            customer = self._found(arriving.chat, None)
            self._by_number[number] = customer
            self.entries.append(
                NewEntry(number=number, display_name=arriving.chat.customer_name[:120], customer=customer)
            )
        return self._by_number[number], f"id:{number}"

    def _find_without_number(self, arriving: Arriving) -> int | NewCustomer:
        if arriving.key in self._known.by_chat:
            return self._known.by_chat[arriving.key]
        key = natural_key(self._rules, arriving.key)
        if key not in self._by_natural_key:
            self._by_natural_key[key] = self._match(arriving.chat) or self._found(arriving.chat, key)
        return self._by_natural_key[key]

    def _match(self, chat: ClosedChat) -> int | NewCustomer | None:
        """D8: exactly one customer has this number or this address, and no other has either."""
        if not self._rules.reuses_customers:
            return None
        contact = contact_of(chat)
        found: set[int | NewCustomer] = set()
        if contact.e164 is not None:
            found.update(self._known.by_e164.get(contact.e164, ()), self._new_by_e164.get(contact.e164, ()))
        if contact.email is not None:
            found.update(self._known.by_email.get(contact.email, ()), self._new_by_email.get(contact.email, ()))
        return found.pop() if len(found) == 1 else None

    def _found(self, chat: ClosedChat, key: str | None) -> NewCustomer:
        contact = contact_of(chat)
        made = NewCustomer(
            place=len(self.customers),
            name=chat.customer_name[:120],
            phone=chat.customer_phone[:40],
            e164=contact.e164,
            email=chat.customer_email[:254],
            email_key=contact.email or "",
            natural_key=key,
        )
        self.customers.append(made)
        if contact.e164 is not None:
            self._new_by_e164.setdefault(contact.e164, []).append(made)
        if contact.email is not None:
            self._new_by_email.setdefault(contact.email, []).append(made)
        return made


def newest_of(versions: Iterable[tuple[str, tuple[datetime, int, str]]]) -> dict[str, tuple[datetime, int, str]]:
    """Of several contents of one key the newest: by version, then the number of messages, then the digest. The order
    they come in changes nothing."""
    newest: dict[str, tuple[datetime, int, str]] = {}
    for key, version in versions:
        if key not in newest or version > newest[key]:
            newest[key] = version
    return newest
