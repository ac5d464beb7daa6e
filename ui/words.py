"""How values are said on the page: dates, kinds, statuses, short names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sequitur.schema import Citation, Role


class Sign(NamedTuple):
    """An icon and a word for a status: never colour alone."""

    icon: str
    word: str


ROLES = {Role.CLINICIAN: "Clinician", Role.TRAINEE: "Trainee", Role.PATIENT: "Patient"}

STATUSES = {
    "listed": Sign("✓", "listed by the article"),
    "inferred": Sign("≈", "inferred from its content"),
    "candidate": Sign("?", "candidate, not certain"),
    "self-citation": Sign("↺", "the publisher cites itself"),
    "unresolved": Sign("✕", "unresolved"),
}

STAGES = {"understanding": "Understanding", "searching": "Searching", "composing": "Composing", "checking": "Checking"}

_KINDS = {"rct": "Randomised trial", "sci-rct": "Randomised trial"}
_TIERS = (
    ("guideline", ("guideline", "consensus", "recommendation")),
    ("review", ("review", "meta-analysis")),
    ("trial", ("rct", "trial")),
    ("article", ("article",)),
)


def kind_name(kind: str) -> str:
    """A kind of document as a reader says it."""
    return _KINDS.get(kind, kind.replace("-", " ").strip().capitalize().replace("Meta analysis", "Meta-analysis") or "Document")


def tier(kind: str) -> str:
    """Where a kind stands among the evidence: guideline, review, trial, article or other."""
    return next((name for name, words in _TIERS if any(word in kind.lower() for word in words)), "other")


def long_date(iso: str) -> str:
    """`2025-10-10` as `10 October 2025`; what is no date stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"


def age(iso: str, today: date) -> str:
    """How long ago a day was, in full days, months (below two years) or years."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return ""
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    if day >= today:
        return "today"
    if months < 1:
        return _ago((today - day).days, "day")
    return _ago(months, "month") if months < 24 else _ago(months // 12, "year")


def updated(iso: str, today: date) -> str:
    """The line that tells when the article was last updated."""
    if not iso:
        return "Date of last update unknown"
    ago = age(iso, today)
    return f"Last updated {long_date(iso)}" + (f" ({ago})" if ago else "")


def source_name(citation: Citation) -> str:
    """A source as the reader knows it: the article by being this one, a reference by its author and year."""
    return "This article" if citation.kind == "article" else citation.label or citation.title


def step_states(steps: Sequence[str], status: str) -> tuple[tuple[str, str], ...]:
    """Each review step with `done`, `current`, `ahead` or `unmarked`; Approved is marked only by an article that says so."""
    names = [step.lower() for step in steps]
    if status not in names:
        return tuple((step, "unmarked") for step in steps)
    at = names.index(status)
    final = status == "approved"
    states = []
    for number, (step, name) in enumerate(zip(steps, names, strict=True)):
        state = "ahead" if number > at else "current" if number == at and not final else "done"
        states.append((step, "unmarked" if name == "approved" and not final and state != "ahead" else state))
    return tuple(states)


def _ago(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
