"""What a claim says of how a result was come by: whether an outcome was the primary one, whether something was shown to cause it, against what it was compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.audit.case import ABSENT, CONFLICTS, STANDS, Aligned, Case, Finding, short
from sequitur.audit.desk import statement
from sequitur.schema import Document, short_name
from sequitur.text import fold

_PRIMARY = re.compile(r"\b(?:primary|main) (?:outcome|end ?-?point|measure)\b")
_SECONDARY = re.compile(r"\bsecondary (?:\w+ )?(?:outcomes?|end ?-?points?|measures?)\b|\b(?:was|were) secondary\b")
_CAUSES = re.compile(r"\b(?:causes?|caused|causing|leads? to|led to|results? in|resulted in|brings? about|prov\w+ that)\b")
_OBSERVED = re.compile(r"\b(?:cohort|registr\w+|observational|retrospective\w*|case-control|cross-sectional|claims data\w*)\b")
_ASSIGNED = re.compile(r"\brandom\w*|\btrials?\b|\bassigned\b")
_COMPARED = re.compile(r"\b(?:compared (?:with|to)|as opposed to|relative to|versus|vs\.?|in comparison (?:with|to)) ((?:[a-z-]+ ?){1,3})")
_NO_COMPARATOR = frozenset({"standard", "usual", "conventional", "control", "controls", "baseline", "daily", "weekly", "continuous"})
_ABOUT_IT = 0.3  # share of an outcome's words from which two are one
_WORDS = 3  # of what stands behind "compared with"


def design_findings(case: Case, document: Document, aligned: Sequence[Aligned], everywhere: Sequence[str]) -> Iterator[Finding]:
    """Primary outcome, causation and comparator, against the reference as a whole."""
    yield from _primary_findings(case, document, aligned)
    yield from _cause_findings(case, document)
    yield from _comparator_findings(case, document, everywhere)


def _primary_findings(case: Case, document: Document, aligned: Sequence[Aligned]) -> Iterator[Finding]:
    """An outcome that is called primary, against what the reference calls so."""
    called, primary = _PRIMARY.search(fold(case.own.text)), case.desk.outcome(document)
    if not called or not primary:
        return
    claimed = [word for word in case.own.words if word not in {"primary", "outcome", "endpoint", "measure"} and word not in case.own.drugs]
    shared = case.desk.share(claimed, primary)
    secondary = next((row for row in aligned[:3] if _SECONDARY.search(fold(row.source.statement.text)) and row.share > shared), None)
    if shared >= _ABOUT_IT and not secondary:
        yield Finding("primary", STANDS, "", None)
    elif shared < _ABOUT_IT:
        row = secondary or aligned[0]
        reason = f"the primary outcome in {short_name(document)} is another: {' '.join(primary)} (“{short(row.source)}”)"
        yield Finding("primary", CONFLICTS, reason, row.source)


def _cause_findings(case: Case, document: Document) -> Iterator[Finding]:
    """A cause, where the reference only watched what went together."""
    if not _CAUSES.search(fold(case.own.text)):
        return
    told = fold(" ".join([document.kind, case.desk.whom(document), *(source.statement.text for source in case.desk.sources[document.id])]))
    observed = _OBSERVED.search(told)
    if observed and not _ASSIGNED.search(told):
        reason = f"{short_name(document)} is {observed.group()} work: it found what goes together, not what causes it"
        yield Finding("cause", ABSENT, reason, None)


def _comparator_findings(case: Case, document: Document, everywhere: Sequence[str]) -> Iterator[Finding]:
    """What a claim compares with, where the reference never names it."""
    frame = statement(f"{document.title} {document.population}").words
    for named in _COMPARED.findall(fold(case.own.text)):
        first = statement(" ".join(named.split()[:_WORDS])).words
        words = [word for word in first if word not in _NO_COMPARATOR and not case.desk.everyday(word)]
        if words and not any(case.desk.alike(word, (*everywhere, *frame)) for word in words):
            yield Finding(f"name {words[0]}", ABSENT, f"{short_name(document)} does not mention {words[0]}", None)
