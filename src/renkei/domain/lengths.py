"""How long something lasted, in the whole seconds that people read."""

from datetime import datetime


def count_seconds(began: datetime, ended: datetime) -> int:
    """The seconds between two moments as both are shown, each without its fraction (D19); never below zero.

    So a length always agrees with the times that stand beside it: from 10:00:00.9 to 10:00:03.1 it is 3, as anybody
    finds who subtracts 10:00:00 from 10:00:03.
    """
    return max(0, int((ended.replace(microsecond=0) - began.replace(microsecond=0)).total_seconds()))
