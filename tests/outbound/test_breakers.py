"""Whose failures silence whom."""

from renkei.domain.breaker import FAILURES_TO_OPEN, Phase
from renkei.outbound import BreakerKey, Breakers


def test_one_customers_wrong_key_does_not_silence_another_customer_of_the_same_provider() -> None:
    breakers = Breakers(lambda: 1.0)
    mine = BreakerKey.of("dec_support", "P", credentials="wrong")
    others = [
        BreakerKey.of("dec_support", "P", credentials="right"),
        BreakerKey.of("dec_support", "Q", credentials="wrong"),
        BreakerKey.of("standard", "P", credentials="wrong"),
    ]
    for _ in range(FAILURES_TO_OPEN):
        breakers.fail(mine)
    assert not breakers.admit(mine)
    assert all(breakers.admit(other) for other in others)
    assert breakers.phase(mine) is Phase.OPEN


def test_a_key_does_not_hold_the_credentials() -> None:
    assert "whsec_secret" not in repr(BreakerKey.of("standard", "P", credentials="whsec_secret"))
