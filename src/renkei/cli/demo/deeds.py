"""What people did in the sample office: keys made and revoked, settings changed, chats read, files taken.

Done by the product's own actions, each at its moment in the past. Only the pop-ups' readings, a thousand of them, are
copied in as the action would write them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from renkei import clock
from renkei.actions.accounts.api_keys import create_api_key, revoke_api_key, take_api_key
from renkei.actions.calls import export_calls
from renkei.actions.chats.open_chat import Via, open_chat
from renkei.actions.settings.installation import InstallationSettings, edit_installation
from renkei.actions.settings.ivrs import LinkageSettings, edit_branch, edit_linkage
from renkei.cli.demo.office import CONTRACT_IVR, SHOP_IVR, UNFINISHED_IVR, Office
from renkei.cli.demo.people import ADMINISTRATOR_NAME
from renkei.cli.demo.tables import copy_rows
from renkei.domain.branch import BranchSettings
from renkei.models import ApiKey, AuditEntry, ChatLink, Ivr, User
from renkei.queries.calls.history import CallFilter
from renkei.queries.settings.installation import Feature, read_installation

_POPPED_UP = timedelta(seconds=1.2)
"""From ringing to the words in the pop-up."""


@dataclass(frozen=True, slots=True)
class SampleKey:
    """One key of another system; days are counted back from now, ``uses`` the newest last."""

    name: str
    rights: tuple[str, ...]
    made: float
    uses: tuple[float, ...] = ()
    revoked: float | None = None


_HISTORIES = ("call_history.view", "ivr_history.view", "external_api_history.view")
KEYS = (
    SampleKey("本社PBX 着信時照会", ("look_up.view",), 57.3, (57.1, 30.2, 3.4, 0.03)),
    SampleKey("CRM 通話履歴連携", ("call_history.view", "chat_content.view"), 41.2, (41.1, 12.5, 0.4)),
    SampleKey("旧CRM 通話履歴連携", _HISTORIES[:1], 56.9, (56.5, 41.3), revoked=40.9),
    SampleKey("夜間集計(BI)", _HISTORIES, 2.1),
)
"""Used every few minutes; used daily; revoked; made and not used yet."""


def do_deeds(office: Office, *, now: datetime) -> None:
    """Do everything, once: what is there already is not done again. Runs in the caller's transaction."""
    if ApiKey.objects.filter(name=KEYS[0].name).exists():
        return
    administrator = office.agents[ADMINISTRATOR_NAME].user
    for key in KEYS:
        _live_through(administrator, key, now)
    for days, deed in _settings_changed(administrator, office):
        with clock.standing_at(now - timedelta(days=days)):
            deed()
    _open_pop_ups()
    for name in (ADMINISTRATOR_NAME, "matsumoto", "inoue"):
        _look_into_histories(office.agents[name].user, Random(name), now)


def _live_through(maker: User, key: SampleKey, now: datetime) -> None:
    with clock.standing_at(now - timedelta(days=key.made)):
        made = create_api_key(maker, name=key.name, rights=key.rights)
    for days in key.uses:
        with clock.standing_at(now - timedelta(days=days)):
            take_api_key(made.secret)
    if key.revoked is not None:
        with clock.standing_at(now - timedelta(days=key.revoked)):
            revoke_api_key(maker, made.id)


# ── settings ──


def _settings_changed(actor: User, office: Office) -> Iterator[tuple[float, Callable[[], None]]]:
    """Days back, and what was saved then; after the last one everything is as the office was furnished."""
    yield 58.9, partial(_keep_histories, actor, 180)
    yield 58.8, partial(_keep_histories, actor, 365)
    for days, name in ((58.7, SHOP_IVR), (58.6, CONTRACT_IVR), (1.2, UNFINISHED_IVR)):
        yield days, partial(_save_linkage, actor, office.ivrs[name])
    for days, name, condition in (
        (58.5, SHOP_IVR, "success"),
        (58.4, SHOP_IVR, "failure"),
        (58.3, CONTRACT_IVR, "success"),
        (33.3, SHOP_IVR, "success"),
        (1.1, UNFINISHED_IVR, "failure"),
    ):
        yield days, partial(_save_branch, actor, office.ivrs[name], condition)


def _keep_histories(actor: User, days: int) -> None:
    stands = read_installation()
    edit_installation(
        actor,
        InstallationSettings(
            centre_name=stands.centre_name,
            zone=stands.zone.key,
            features=frozenset(feature for feature in Feature if stands.has(feature)),
            history_retention_days=days,
            link_window_minutes=stands.link_window_minutes,
            lookup_budget_ms=stands.lookup_budget_ms,
        ),
    )


def _save_linkage(actor: User, ivr: Ivr) -> None:
    stands = ivr.linkage
    edit_linkage(
        actor,
        ivr.pk,
        LinkageSettings(
            project_id=stands.project_id,
            channel_id=stands.channel_id,
            request_error_rule_id=stands.request_error_rule_id,
            connector_settings=stands.connector_settings,
        ),
    )


def _save_branch(actor: User, ivr: Ivr, condition: str) -> None:
    stands = ivr.branches.get(condition=condition, rule__isnull=False)
    kept = BranchSettings(
        label_id=stands.label_id, guidance_id=stands.guidance_id, rule_id=stands.rule_id, memo=stands.memo
    )
    edit_branch(actor, ivr.pk, condition, kept)


# ── chats ──


def _open_pop_ups() -> None:
    """Every agent who answered a linked call saw its chat in the pop-up."""
    columns = ("at", "user_id", "actor", "action", "resource", "object_id", "detail")
    links = ChatLink.objects.filter(conversation__isnull=False, call__answered_by__isnull=False)
    linked = links.values_list("call_id", "conversation_id", "at", "call__answered_by__user_id").order_by("at")

    def rows() -> Iterator[tuple[Any, ...]]:
        for call, conversation, at, user in linked:
            detail = {"call": call, "via": "popup"}
            yield at + _POPPED_UP, user, f"user:{user}", "chat.read", "conversation", str(conversation), detail

    copy_rows(AuditEntry, columns, list(rows()))


def _look_into_histories(reader: User, chance: Random, now: datetime) -> None:
    """What a supervisor does in the histories: some chats read, few taken as files, a list of calls each week."""
    links = ChatLink.objects.filter(conversation__isnull=False, call__line_id__startswith="demo-").order_by("-call_id")
    agent = reader.agent
    if reader.username != ADMINISTRATOR_NAME:
        links = links.filter(call__business_group_id=agent.business_group_id)
    ways: tuple[Via, ...] = ("history", "history", "history", "clipboard", "link", "csv")
    for call_id, at in links.values_list("call_id", "at")[3:60:8]:
        with clock.standing_at(min(at + timedelta(hours=chance.uniform(1, 5)), now)):
            open_chat(reader, call_id, via="history")
            open_chat(reader, call_id, via=chance.choice(ways))
    for weeks in range(1, 5):
        until = now - timedelta(weeks=weeks, hours=chance.uniform(1, 9))
        with clock.standing_at(until):
            export_calls(reader, CallFilter(since=until - timedelta(weeks=1), until=until))
