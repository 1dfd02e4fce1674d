"""Settings: one typed object for all processes (``config``), and what Django wants to read from it.

Everything comes from the environment with the prefix RENKEI_; a secret may also come from the file that the same
name with _FILE points to. A wrong value stops the start with a sentence (cli/).
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent
_SECRETS = ("DATABASE_URL", "OWNER_DATABASE_URL", "SECRET_KEY", "FIELD_KEYS", "ARI_PASSWORD")


class Mode(StrEnum):
    """demo: sample office, emulators, simulator pages; empty: a real installation; test: the test suite."""

    DEMO = "demo"
    EMPTY = "empty"
    TEST = "test"


class LineKind(StrEnum):
    """Which telephone line the calls worker is on."""

    SIMULATOR = "simulator"
    ASTERISK = "asterisk"


def _both_schemes(address: str) -> tuple[str, str]:
    return f"http://{address}", f"https://{address}"


class Config(BaseSettings):
    """Every setting of every process, typed."""

    model_config = SettingsConfigDict(env_prefix="RENKEI_", extra="ignore")

    mode: Mode = Mode.EMPTY
    database_url: SecretStr = SecretStr("postgresql:///renkei")
    """libpq URL of the application role."""
    owner_database_url: SecretStr | None = None
    """libpq URL of the role that owns the tables: migrates and purges."""
    secret_key: SecretStr = SecretStr("")
    field_keys: SecretStr = SecretStr("")
    """Fernet keys, newest first, separated by commas: encrypt what is secret in the database."""
    data_dir: Path = Path("/var/lib/renkei")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    emulator_url: str = ""
    """Where the emulated chatbot provider listens (demonstration); allowed as a destination there only."""
    allowed_destinations: str = ""
    """On-premises hosts that outgoing requests may reach, as host:port separated by commas."""
    line: LineKind = LineKind.SIMULATOR
    worker_name: str = "renkei-1"
    ari_url: str = "http://127.0.0.1:8088"
    ari_user: str = "renkei"
    ari_password: SecretStr = SecretStr("")
    asterisk_records: Path = Path("/var/log/asterisk/cdr-custom/renkei.csv")
    """Asterisk's own record of its calls; read back after an outage."""
    sip_ws_url: str = ""
    """Where the browser's telephone registers (ws:// or wss:// of the Asterisk); empty on the simulator."""

    session_idle_minutes: int = Field(default=30, ge=1, le=720)
    session_absolute_hours: int = Field(default=12, ge=1, le=24)

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where outgoing requests may go besides public https addresses, as URLs: what the administrator listed (both
        schemes for an entry without one), and the emulator in the demonstration and tests."""
        given = [entry.strip() for entry in self.allowed_destinations.split(",") if entry.strip()]
        listed = [url for entry in given for url in ([entry] if "://" in entry else _both_schemes(entry))]
        return (*listed, self.emulator_url) if self.emulator_url and self.mode is not Mode.EMPTY else tuple(listed)

    @property
    def has_tls(self) -> bool:
        """Whether browsers reach us by https."""
        return self.tls_cert is not None or self.public_url.startswith("https://")


def _read_secret_files() -> None:
    """RENKEI_X_FILE gives RENKEI_X, where that is not set itself."""
    for name in _SECRETS:
        path = os.environ.get(f"RENKEI_{name}_FILE")
        if path and f"RENKEI_{name}" not in os.environ:
            os.environ[f"RENKEI_{name}"] = Path(path).read_text(encoding="utf-8").strip()


def _read() -> Config:
    """The settings; a wrong value ends the process with the name of the variable, what it says and what it may be."""
    _read_secret_files()
    try:
        return Config()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"RENKEI_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise SystemExit(f"{name} is “{first['input']}”, which cannot be: {first['msg'].lower()}.") from None


config = _read()


def django_database(url: str) -> dict[str, Any]:
    """Django's description of the database a libpq URL names; a socket directory comes in ``?host=``."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": parts.port or query.get("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 0, "max_size": 8, "timeout": 5},
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
        },
    }


SECRET_KEY = config.secret_key.get_secret_value() or "not-for-use-" * 5
DEBUG = False
_OWN_HOST = f"[{config.host}]" if ":" in config.host else config.host
ALLOWED_HOSTS = ["*"] if config.has_tls or config.mode is Mode.TEST else ["127.0.0.1", "localhost", "[::1]", _OWN_HOST]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the steps of a rule may each tick hundreds of agents
ROOT_URLCONF = "renkei.urls"
WSGI_APPLICATION = "renkei.wsgi.application"
AUTH_USER_MODEL = "renkei.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

DATABASES = {"default": django_database(config.database_url.get_secret_value())}

# Only attempts to sign in are counted here, so that every process counts the same ones (docs/why/signing-in.md).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "renkei_attempt",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

INSTALLED_APPS = [
    "renkei",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "renkei.web.middleware.PersonMiddleware",
    "renkei.web.middleware.SessionLimitsMiddleware",
    "renkei.web.middleware.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "renkei.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "renkei.web.frame.frame",
            ],
        },
    }
]
COTTON_SNAKE_CASED_NAMES = True

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "web" / "static"]
STATIC_ROOT = None  # nothing is collected: whitenoise finds the files where they are
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "renkei.web.accounts.adapter.AccountAdapter"
# By address only: a limit by name would let anybody lock a victim out.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "10/m/ip",
    "reauthenticate": "10/m/user",
    "first_sign_in": "20/m/ip",
}
USERSESSIONS_TRACK_ACTIVITY = False
ACCOUNT_PREVENT_ENUMERATION = True
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"add_webauthn": "renkei.web.accounts.security_keys.AddKeyForm"}
MFA_PASSKEY_LOGIN_ENABLED = config.has_tls

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# domain/sessions.py ends sessions earlier; this is only how long a call in hand may keep one.
SESSION_COOKIE_AGE = (config.session_absolute_hours + 12) * 3600
CSRF_COOKIE_SAMESITE = "Lax"
if config.has_tls:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31536000
else:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "renkei_session", "renkei_csrf"
if config.public_url:
    CSRF_TRUSTED_ORIGINS = [config.public_url]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", *([config.sip_ws_url] if config.sip_ws_url else [])],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

PROCRASTINATE_IMPORT_PATHS = ["renkei.workers.jobs"]

LOGGING_CONFIG = None
