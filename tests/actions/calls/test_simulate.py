"""What a customer may do on the simulated line."""

import psycopg
import pytest

from renkei.actions.calls.simulate import LONGEST_NUMBER, Deed, simulate
from renkei.errors import RejectedError
from renkei.models import SimulatedAction, User
from tests.conftest import DatabaseUrls

HOSTILE = (
    "'; DROP TABLE renkei_call; --",
    "<script>alert(1)</script>",
    "${SHELL(id)}",
    "{{7*7}}%s",
    "\u202e8765-4321-090",
    "\x00\x1b[31m",
    "\ud83d",
    "٠٩٠١٢٣٤٥٦٧٨",
    "9" * LONGEST_NUMBER,
)


@pytest.fixture
def caller(django_user_model: type[User]) -> User:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("caller", display_name="Caller")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="rehearsal."))
    return user


def _dial(**args: object) -> dict[str, object]:
    return {"number": "090-1234-5678", "name": "", "withheld": False, "dialled": "+81345001200", **args}


@pytest.mark.django_db
@pytest.mark.parametrize("number", HOSTILE)
def test_a_hostile_number_is_passed_on_as_text(caller: User, number: str) -> None:
    asked = simulate(caller, line_id=None, kind="dial", args=_dial(number=number))
    stored = SimulatedAction.objects.get(pk=asked.id)
    assert stored.args["number"] == number.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    assert asked.line_id.startswith("sim-")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "line_id", "args", "code"),
    [
        ("dial", None, _dial(dialled=" "), "required"),
        ("dial", None, _dial(number="9" * (LONGEST_NUMBER + 1)), "text_too_long"),
        ("press", "sim-nobody", {"digit": "1"}, "not_found"),
        ("hang_up", "sim-nobody", {}, "not_found"),
        ("hang_up", None, {}, "not_found"),
        ("press", "sim-nobody", {"digit": "12"}, "required"),
        ("press", "sim-nobody", {"digit": ""}, "required"),
        ("press", "sim-nobody", {"digit": 1}, "required"),
        ("press", "sim-nobody", {"digit": "\uff11"}, "required"),
    ],
)
def test_a_deed_that_makes_no_sense_is_refused(
    caller: User, kind: Deed, line_id: str | None, args: dict[str, object], code: str
) -> None:
    with pytest.raises(RejectedError) as refused:
        simulate(caller, line_id=line_id, kind=kind, args=args)
    assert refused.value.code == code
    assert not SimulatedAction.objects.exists()


@pytest.mark.django_db
def test_nobody_dials_without_the_right(django_user_model: type[User]) -> None:
    somebody = django_user_model.objects.create_user("somebody", display_name="Somebody")
    with pytest.raises(RejectedError) as refused:
        simulate(somebody, line_id=None, kind="dial", args=_dial())
    assert refused.value.code == "forbidden"


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_told_of_each_deed(caller: User, database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.app, autocommit=True) as listener:
        listener.execute("LISTEN renkei_calls")
        dialled = simulate(caller, line_id=None, kind="dial", args=_dial())
        pressed = simulate(caller, line_id=dialled.line_id, kind="press", args={"digit": "#"})
        told = [notice.payload for notice in listener.notifies(timeout=10, stop_after=2)]
    assert told == [f"simulated:{dialled.id}", f"simulated:{pressed.id}"]
