"""What must be settled before Django reads its settings; loaded by pytest as its first plugin (pyproject.toml).

One run has one short folder under /tmp. The first process makes it and takes it away; xdist's workers find its name in
the environment and have a database each. Nothing is started here: a run that touches no database starts none.
"""

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from renkei.cli.needs import use_tools
from renkei.cli.postgres import APP, OWNER, Postgres
from tests.cluster_cache import bring_passwords

use_tools()

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DATABASE = f"test_{WORKER}"
TEMPLATE = "template_renkei"

_inherited = os.environ.get("RENKEI_TEST_RUN")
IS_FIRST = _inherited is None
RUN = Path(_inherited or tempfile.mkdtemp(prefix="rk-", dir="/tmp"))
if IS_FIRST:
    RUN.chmod(0o711)
    (RUN / "pg").mkdir()
    (RUN / "data" / "static").mkdir(parents=True)
    bring_passwords(RUN / "pg")
    os.environ["RENKEI_TEST_RUN"] = str(RUN)
    os.environ["RENKEI_TEST_PID"] = str(os.getpid())
    os.environ["RENKEI_TEST_SECRET"] = secrets.token_urlsafe(32)

server = Postgres(RUN / "pg")
"""Names the addresses; the process that keeps it running is tests/postgres_keeper.py."""

for _name in [name for name in os.environ if name.startswith("RENKEI_") and not name.startswith("RENKEI_TEST_")]:
    del os.environ[_name]  # a developer's own settings have no say here
os.environ.update(
    RENKEI_MODE="test",
    RENKEI_DATABASE_URL=server.url(APP, DATABASE),
    RENKEI_OWNER_DATABASE_URL=server.url(OWNER, DATABASE),
    RENKEI_SECRET_KEY=os.environ["RENKEI_TEST_SECRET"],
    RENKEI_FIELD_KEYS=os.environ.setdefault("RENKEI_TEST_FIELD_KEY", Fernet.generate_key().decode()),
    RENKEI_DATA_DIR=str(RUN / "data"),
    RENKEI_PUBLIC_URL="",
    DJANGO_SETTINGS_MODULE="renkei.settings",
    DJANGO_ALLOW_ASYNC_UNSAFE="",
    TZ="UTC",
)
