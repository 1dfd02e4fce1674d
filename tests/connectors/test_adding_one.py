"""docs/connectors/README.md, tried: a chat system that lists completed chats is one file, one line and its pairs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DESCRIPTION = """
name = "new_desk"
label = "New desk"

[[closed.settings]]
name = "call_url"
label = "Call URL"
is_address = true

[closed.request]
url = "{{call_url}}"
query = { after = "{{since_seconds}}", page = "{{page}}", per_page = "{{page_size}}" }
optional = ["since_seconds"]

[closed.paging]
first = 1
page_size = 100

[closed.answer]
conversations = "data.tickets"
id = "number"
closed_at = "done"
updated_at = "touched"
times = "epoch_seconds"
agent_id = "who"
messages = "talk"
speaker = "by"
sent_at = "at"
speakers = { they = "customer", we = "operator" }
"""
RECORD = {"number": 7, "done": 1738281907, "touched": 1738281999, "who": "A-1",
          "talk": [{"by": "they", "text": "解約したい", "at": 1738281840}]}  # fmt: skip
READ = {
    "external_id": "7", "started_at": "2025-01-31T00:04:00+00:00", "closed_at": "2025-01-31T00:05:07+00:00",
    "version_at": "2025-01-31T00:06:39+00:00", "agent_number": "A-1", "agent_name": "", "customer_number": "",
    "customer_name": "", "customer_phone": "", "customer_email": "", "subject": "", "entrance": "",
    "messages": [{"speaker": "customer", "kind": "text", "text": "解約したい", "sent_at": "2025-01-31T00:04:00+00:00",
                  "url": None, "author": ""}],
}  # fmt: skip


def copy_house(folder: Path) -> None:
    left_out = shutil.ignore_patterns("__pycache__", "static", "journeys", "*.mo")
    for part in ("src/renkei", "tests/connectors", "tests/outbound"):
        shutil.copytree(ROOT / part, folder / part, ignore=left_out)
    for file in (ROOT / "tests").glob("*.py"):
        shutil.copy(file, folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)


def run_pairs(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "new_desk or pairs_for"]
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'src'}"}
    return subprocess.run(
        [*command, "tests/connectors/test_pairs.py"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_one_file_one_line_and_its_pairs_add_a_chat_system(tmp_path: Path) -> None:
    """Proves R146, R180."""
    copy_house(tmp_path)
    connectors = tmp_path / "src/renkei/connectors"
    (connectors / "descriptions/new_desk.toml").write_text(DESCRIPTION, encoding="utf-8")
    registry = connectors / "registry.py"
    line = '    described.connector("smart_m_talk"),\n'
    assert line in registry.read_text(encoding="utf-8")
    registry.write_text(
        registry.read_text(encoding="utf-8").replace(line, f'{line}    described.connector("new_desk"),\n'),
        encoding="utf-8",
    )
    without_pairs = run_pairs(tmp_path)
    assert without_pairs.returncode == 1
    assert "test_there_are_pairs_for_every_parser" in without_pairs.stdout
    pairs = tmp_path / "tests/connectors/new_desk/closed"
    pairs.mkdir(parents=True)
    (pairs / "ticket.in.json").write_text(json.dumps(RECORD), encoding="utf-8")
    (pairs / "ticket.out.json").write_text(json.dumps(READ), encoding="utf-8")
    with_pairs = run_pairs(tmp_path)
    assert with_pairs.returncode == 0, with_pairs.stdout + with_pairs.stderr
    assert "3 passed" in with_pairs.stdout
