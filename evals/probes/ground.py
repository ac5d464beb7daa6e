"""What every probe stands on, and what it reports."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.cases import Case
from sequitur.chat import Chat
from sequitur.settings import Settings

MOST_FAILURES = 20  # that are named


@dataclass(frozen=True, slots=True)
class Ground:
    """A chat over the corpus as it is, and the questions that are asked of it and of its disturbed copies."""

    settings: Settings
    chat: Chat
    cases: tuple[Case, ...]  # of the dev half alone: what a probe shows may be mended
    seed: int = 0
    most: int = 40  # cases that are asked where every one costs an index

    def answerable(self) -> tuple[Case, ...]:
        """A seeded sample of the cases that the corpus answers."""
        found = [case for case in self.cases if case.outcome == "answer" and case.evidence]
        return tuple(random.Random(self.seed).sample(found, min(self.most, len(found))))


@dataclass(frozen=True, slots=True)
class Finding:
    """Figures of one probe, and some of the failures behind them."""

    name: str
    asks: str  # what is done, in a line
    figures: Mapping[str, float | int | None]
    failures: tuple[str, ...] = ()


def finding(name: str, asks: str, figures: Mapping[str, float | int | None], failures: Sequence[str]) -> Finding:
    """A finding with its figures rounded and its failures cut."""
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
    return Finding(name, asks, rounded, tuple(failures[:MOST_FAILURES]))


def table(found: Sequence[Finding]) -> str:
    """The figures as plain text."""
    lines = []
    for row in found:
        lines.append(f"{row.name}: {row.asks}")
        for name, value in row.figures.items():
            shown = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
            lines.append(f"  {name:44}{shown:>8}")
    return "\n".join(lines)
