"""The demonstration's pages exist in the demonstration only."""

import os
import subprocess
import sys

import pytest

ASK = """
import django
django.setup()
from django.urls import Resolver404, get_resolver, resolve
found = []
for address in ("/try/", "/try/progress/", "/try/line/", "/try/line/sim-1/", "/try/line/dial/", "/try/be/sato/"):
    try:
        resolve(address)
        found.append(address)
    except Resolver404:
        pass
print(len(found), any("demo" in (p.namespace or "") for p in get_resolver().url_patterns if hasattr(p, "namespace")))
"""


@pytest.mark.parametrize(("mode", "said"), [("empty", "0 False"), ("demo", "6 True")])
def test_the_try_it_pages_do_not_exist_in_a_real_installation(mode: str, said: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "RENKEI_MODE": mode, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip() == said
