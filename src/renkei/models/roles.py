"""Writes the table of permissions and the built-in roles into Django's own tables, and the database role's grants."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from renkei.models.accounts import User
from renkei.models.installation import Installation
from renkei.permissions import BUILT_IN_ROLES, RESOURCES

GRANTS = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'renkei_app') THEN
    GRANT USAGE ON SCHEMA public TO renkei_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO renkei_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO renkei_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO renkei_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON renkei_auditentry FROM renkei_app;
  END IF;
END $$
"""


def write_after_migration(using: str = "default", **_: Any) -> None:
    """Permissions, roles, the installation's row and the grants; doing it twice is harmless.

    A built-in role gets its rights when it is first made, and a right that is new with a release when that release
    comes; all other changes to it are people's and stay.
    """
    content_type = ContentType.objects.db_manager(using).get_for_model(User)
    of_ours = Permission.objects.using(using).filter(content_type=content_type)
    known = set(of_ours.values_list("codename", flat=True))
    Permission.objects.using(using).bulk_create(
        [
            Permission(content_type=content_type, codename=f"{name}.{deed}", name=f"{name}.{deed}")
            for name, what in RESOURCES.items()
            for deed in what.deeds
        ],
        ignore_conflicts=True,
    )
    for role, rights in BUILT_IN_ROLES.items():
        group, made = Group.objects.using(using).get_or_create(name=role)
        group.permissions.add(*of_ours.filter(codename__in=rights if made else rights - known))
    Installation.objects.using(using).get_or_create(id=1, defaults={"zone": settings.TIME_ZONE})
    with connections[using].cursor() as cursor:
        cursor.execute(GRANTS)
