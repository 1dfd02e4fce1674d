"""The settings of the line as one plan for the IVR machine, read in one transaction; secrets are decrypted here."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import dict_row

from renkei.domain.matching import Branch
from renkei.domain.plan import (
    AgentPlan,
    BranchPlan,
    EnterIvr,
    GuidancePlan,
    IvrPlan,
    LinePlan,
    Linkage,
    NumberPlan,
    RulePlan,
    RunRule,
    choose_way,
    choose_words,
)
from renkei.domain.rules import RuleStep, read_steps
from renkei.errors import MisconfiguredError, RejectedError
from renkei.models.secrets import open_fields, open_text
from renkei.models.statements import line

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    """An agent's telephone as the line must know it; ``password`` is None before the agent's first sign-in."""

    extension: str
    name: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a calls worker works by until a setting changes."""

    plan: LinePlan
    devices: tuple[Device, ...]


async def read_snapshot(conn: AsyncConnection[Any]) -> Snapshot:
    """Read all settings of the line at one moment. ``conn`` must be outside a transaction."""
    await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    try:
        async with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
            tables = {}
            for name in ("INSTALLATION", "NUMBERS", "IVRS", "BRANCHES", "RULES", "GUIDANCES", "LABELS", "AGENTS"):
                await cursor.execute(getattr(line, name), prepare=True)
                tables[name] = await cursor.fetchall()
    finally:
        await conn.set_isolation_level(None)
    return make_snapshot(tables)


def make_snapshot(tables: dict[str, list[Row]]) -> Snapshot:
    """Make the plan from the rows of each statement."""
    installation = tables["INSTALLATION"][0] if tables["INSTALLATION"] else None
    speech_is_on = installation is None or installation["realtime_speech"]
    branches = _branches(tables["BRANCHES"], speech_is_on)
    limits: Row = {}
    if installation is not None:
        limits = {
            "window": timedelta(minutes=installation["link_window_minutes"]),
            "budget_seconds": installation["lookup_budget_ms"] / 1000,
            "linkage_is_on": installation["linkage_is_on"],
        }
    plan = LinePlan(
        numbers={row["e164"]: _number(row) for row in tables["NUMBERS"]},
        ivrs={
            row["id"]: IvrPlan(row["id"], row["name"], make_linkage(row), branches.get(row["id"], {}))
            for row in tables["IVRS"]
        },
        rules={row["id"]: RulePlan(row["id"], row["name"], _steps(row["steps"])) for row in tables["RULES"]},
        guidances={row["id"]: GuidancePlan(**row) for row in tables["GUIDANCES"]},
        labels={row["id"]: row["name"] for row in tables["LABELS"]},
        agents={row["id"]: AgentPlan(row["id"], row["extension"], row["display_name"]) for row in tables["AGENTS"]},
        busy_rule=next((row["id"] for row in tables["RULES"] if row["builtin"] == "busy"), None),
        speech_is_on=speech_is_on,
        **limits,
    )
    return Snapshot(plan, tuple(_device(row) for row in tables["AGENTS"]))


def _number(row: Row) -> NumberPlan:
    entry = EnterIvr(row["entry_ivr_id"]) if row["entry_ivr_id"] is not None else RunRule(row["entry_rule_id"])
    return NumberPlan(
        id=row["id"],
        e164=row["e164"],
        name=row["name"],
        business_group_id=row["business_group_id"],
        entry=entry,
        fallback_rule=row["fallback_rule_id"],
    )


def make_linkage(row: Row) -> Linkage | None:
    """Whom an IVR asks, secrets decrypted, from its columns of the linkage table; None for a standard IVR."""
    if row["connector"] is None:
        return None
    settings = {str(name): str(value) for name, value in (row["connector_settings"] or {}).items()}
    problem = ""
    try:
        settings |= open_fields(row["secrets"])
    except MisconfiguredError as error:
        problem = error.code
    project, channel = row["project_id"].strip(), row["channel_id"].strip()
    if not project or not channel:
        problem = "empty_channel_id" if project else "empty_project_id"
    return Linkage(row["connector"], project, channel, row["request_error_rule_id"], settings, problem)


def _branches(rows: list[Row], speech_is_on: bool) -> dict[int, dict[Branch, BranchPlan]]:
    found: dict[int, dict[Branch, BranchPlan]] = {}
    for row in rows:
        guidance, speech = choose_words(
            row["guidance_form"], guidance_id=row["guidance_id"], speech=row["speech_text"], speech_is_on=speech_is_on
        )
        way = choose_way(
            row["action"],
            agent_id=row["destination_agent_id"],
            ivr_id=row["destination_ivr_id"],
            rule_id=row["rule_id"],
        )
        found.setdefault(row["ivr_id"], {})[Branch(row["condition"])] = BranchPlan(
            row["label_id"], guidance, speech, way
        )
    return found


def _steps(stored: object) -> tuple[RuleStep, ...]:
    """A rule that cannot be read has no steps and so ends the call; the screens refuse to save one."""
    try:
        return read_steps(stored)
    except RejectedError:
        return ()


def _device(row: Row) -> Device:
    password = None
    if row["sip_password"] is not None:
        try:
            password = open_text(row["sip_password"])
        except MisconfiguredError:
            password = None
    return Device(row["extension"], row["display_name"], password)
