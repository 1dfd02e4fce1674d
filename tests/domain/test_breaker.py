"""The circuit breaker's rule."""

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.breaker import (
    FAILURES_TO_OPEN,
    PROBE_SECONDS,
    REST_SECONDS,
    WINDOW_SECONDS,
    Breaker,
    Phase,
    admit,
    fail,
    phase,
    succeed,
)


def opened(at: float = 100.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker = fail(breaker, at)
    return breaker


def test_five_failures_in_thirty_seconds_open_the_circuit() -> None:
    breaker = Breaker()
    for position in range(5):
        assert phase(breaker, 100.0 + position * 7) is Phase.CLOSED
        breaker = fail(breaker, 100.0 + position * 7)
    assert phase(breaker, 128.0) is Phase.OPEN
    assert admit(breaker, 128.0)[1] is False


def test_five_failures_over_thirty_seconds_leave_it_closed() -> None:
    breaker = Breaker()
    for position in range(5):
        breaker = fail(breaker, 100.0 + position * WINDOW_SECONDS / 4)
    assert phase(breaker, 130.0) is Phase.CLOSED


def test_after_a_rest_one_probe_goes_through_and_its_success_closes() -> None:
    now = 100.0 + REST_SECONDS
    assert phase(opened(), now - 0.001) is Phase.OPEN
    probing, is_admitted = admit(opened(), now)
    assert is_admitted
    assert admit(probing, now)[1] is False
    assert succeed(probing, now + 1) == Breaker()


def test_a_failed_probe_opens_the_circuit_anew() -> None:
    now = 100.0 + REST_SECONDS
    probing, _ = admit(opened(), now)
    again = fail(probing, now + 2)
    assert phase(again, now + 2 + REST_SECONDS - 0.001) is Phase.OPEN
    assert phase(again, now + 2 + REST_SECONDS) is Phase.HALF_OPEN


def test_a_probe_that_never_reports_is_forgotten() -> None:
    now = 100.0 + REST_SECONDS
    probing, _ = admit(opened(), now)
    assert admit(probing, now + PROBE_SECONDS - 0.001)[1] is False
    assert admit(probing, now + PROBE_SECONDS)[1] is True


def test_a_late_answer_from_before_does_not_close_an_open_circuit() -> None:
    assert succeed(opened(), 101.0) == opened()
    assert succeed(opened(), 100.0 + REST_SECONDS) == opened()


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "succeed", "fail"]), st.floats(0, 20)), max_size=60)


@given(STEPS)
def test_it_never_blocks_for_ever_and_never_opens_without_five_failures_in_the_window(
    steps: list[tuple[str, float]],
) -> None:
    breaker, now, failures = Breaker(), 0.0, list[float]()
    for step, wait in steps:
        now += wait
        was_closed = phase(breaker, now) is Phase.CLOSED
        if step == "ask":
            breaker, is_admitted = admit(breaker, now)
            assert is_admitted or not was_closed
        elif step == "succeed":
            breaker = succeed(breaker, now)
        else:
            failures.append(now)
            breaker = fail(breaker, now)
        if was_closed and phase(breaker, now) is not Phase.CLOSED:
            assert sum(now - at < WINDOW_SECONDS for at in failures) >= FAILURES_TO_OPEN
        assert len(breaker.failures) < FAILURES_TO_OPEN
    assert admit(breaker, now + REST_SECONDS + PROBE_SECONDS)[1]


@given(STEPS)
def test_while_half_open_no_two_probes_are_under_way_together(steps: list[tuple[str, float]]) -> None:
    breaker, now, probes = opened(0.0), 0.0, list[float]()
    for step, wait in steps:
        now += wait
        if step != "ask":
            continue
        breaker, is_admitted = admit(breaker, now)
        if is_admitted:
            assert not probes or now - probes[-1] >= PROBE_SECONDS
            probes.append(now)
