"""Who signs in, and the keys other systems sign in with."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from renkei import clock


class UserManager(BaseUserManager["User"]):
    """Makes users; there is no default account and no superuser."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        """A stored user; without a password nobody can sign in with one."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by user name. Roles are Django groups, their rights Django permissions."""

    username = models.CharField(_("User name"), max_length=64, unique=True)
    display_name = models.CharField(_("Name"), max_length=80)
    display_name_kana = models.CharField(_("Name (kana)"), max_length=80, blank=True)
    language = models.CharField(
        _("Language"), max_length=5, default="ja", choices=[("ja", "日本語"), ("en", "English")]
    )
    theme = models.CharField(
        _("Appearance"),
        max_length=5,
        default="auto",
        choices=[("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    is_active = models.BooleanField(_("Enabled"), default=True)
    joined_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        ordering = ("display_name_kana", "username")

    def __str__(self) -> str:
        return self.display_name or self.username


class OneTimeSignIn(models.Model):
    """A sign-in that works once; how the first administrator comes in. Only a digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ApiKey(models.Model):
    """A key another system calls our API with; the secret is shown once and kept as a digest."""

    name = models.CharField(_("Name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    permissions = ArrayField(models.CharField(max_length=64), default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class SignInAttempt(models.Model):
    """Attempts to sign in, counted by all processes together: the table that Django's database cache reads and writes.
    ``cache_key`` is a digest, ``value`` the cache's own pickle of times."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "renkei_attempt"
