"""What each of the two database roles may do."""

import psycopg
import pytest
from psycopg import errors

from tests.conftest import DatabaseUrls


async def test_application_role_cannot_change_the_tables(connection: psycopg.AsyncConnection) -> None:
    for statement in ("CREATE TABLE mine (a int)", "ALTER TABLE renkei_user ADD a int", "DROP TABLE renkei_user"):
        with pytest.raises(errors.InsufficientPrivilege):
            async with connection.transaction():
                await connection.execute(statement)


async def test_application_role_can_neither_change_nor_delete_audit_rows(connection: psycopg.AsyncConnection) -> None:
    for statement in (
        "UPDATE renkei_auditentry SET id = 1",
        "DELETE FROM renkei_auditentry",
        "TRUNCATE renkei_auditentry",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            async with connection.transaction():
                await connection.execute(statement)


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_a_test_commits_is_gone_for_the_next(emptied_database: DatabaseUrls, attempt: int) -> None:
    with psycopg.connect(emptied_database.owner) as opened:
        assert opened.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
        opened.execute("CREATE TABLE left_behind (a int)")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", [1, 2])
def test_a_committing_django_test_leaves_nothing_and_keeps_what_migrations_wrote(attempt: int) -> None:
    from django.contrib.auth.models import Group

    assert not Group.objects.filter(name="left behind").exists()
    Group.objects.create(name="left behind")
