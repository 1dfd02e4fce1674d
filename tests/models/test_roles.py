"""What a new release does to the roles of an installation that has been in use."""

import pytest
from django.contrib.auth.models import Group, Permission

from renkei.models.roles import write_after_migration
from renkei.permissions import ADMINISTRATOR, AGENT, BUILT_IN_ROLES, RIGHTS

pytestmark = pytest.mark.django_db


def rights_of(role: str) -> set[str]:
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


def test_a_right_that_is_new_with_a_release_comes_to_the_built_in_roles_once() -> None:
    """Those who had none of it yet can work with it at once."""
    Permission.objects.filter(codename="customer_merge.edit").delete()
    write_after_migration()
    for role, rights in BUILT_IN_ROLES.items():
        assert rights_of(role) == set(rights)
    assert rights_of(ADMINISTRATOR) == set(RIGHTS)


def test_a_right_that_people_took_away_or_gave_stays_as_they_left_it() -> None:
    """However often the migrations run."""
    agent = Group.objects.get(name=AGENT)
    agent.permissions.remove(agent.permissions.get(codename="customer_merge.edit"))
    agent.permissions.add(Permission.objects.get(codename="audit.view"))
    write_after_migration()
    assert rights_of(AGENT) == {*BUILT_IN_ROLES[AGENT], "audit.view"} - {"customer_merge.edit"}
