"""The one Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RenkeiConfig(AppConfig):
    """Renkei; after each migration the table of permissions, the built-in roles and the built-in rows are written."""

    name = "renkei"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what must follow a migration, and what follows signing in."""
        from renkei.actions.agents import following_sign_in
        from renkei.models import builtins, roles

        post_migrate.connect(roles.write_after_migration, sender=self)
        post_migrate.connect(builtins.write_after_migration, sender=self)
        following_sign_in.connect()
