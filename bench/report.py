"""What a bench prints: figures of both sides, their ratio, and the aim."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Side:
    """One side: how many, in how many seconds, how long each took (seconds), how many failed."""

    name: str
    seconds: float
    took: Sequence[float]
    failed: int = 0

    @property
    def rate(self) -> float:
        """How many a second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    def line(self) -> str:
        """Rate and times in milliseconds."""
        p50, p99 = percentile(self.took, 0.5) * 1_000, percentile(self.took, 0.99) * 1_000
        return (
            f"  {self.name:<34}{self.rate:>9.1f}/s   p50 {p50:>8.2f} ms   p99 {p99:>8.2f} ms"
            f"   {len(self.took)} done, {self.failed} failed"
        )


@dataclass(slots=True)
class Report:
    """The table of one run. ``verdicts`` are lines like ``ratio 0.71 (aim 0.6: met)``."""

    title: str
    sides: list[Side] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)

    def judge(self, what: str, value: float, *, aim: float, is_upper: bool, unit: str = "") -> None:
        """Say whether an aim is met; it is only said."""
        is_met = value <= aim if is_upper else value >= aim
        sign = "at most" if is_upper else "at least"
        self.verdicts.append(
            f"{what} {value:.2f}{unit} (first aim {sign} {aim:g}{unit}: {'met' if is_met else 'missed'})"
        )

    def write(self) -> str:
        """The whole table."""
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        lines = [f"{self.title}   [{machine}]", *(side.line() for side in self.sides)]
        return "\n".join([*lines, *(f"  {verdict}" for verdict in self.verdicts)]) + "\n"
