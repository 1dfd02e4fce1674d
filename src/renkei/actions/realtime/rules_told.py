"""What a worker told its telephone system of the rules, and what came of it: 着信ルール shows it."""

from typing import Any

from psycopg import AsyncConnection

from renkei.models.statements import workers


async def note_rules_told(conn: AsyncConnection[Any], worker: str, *, age: float, problem: str) -> None:
    """The rules read ``age`` seconds ago are in place, or could not be: ``problem`` is a RulesProblem."""
    async with conn.transaction():
        await conn.execute(workers.TELL_RULES, {"worker": worker, "age": age, "problem": problem}, prepare=True)
