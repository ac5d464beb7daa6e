"""The notes are read in the opposite order: nothing should change."""

from __future__ import annotations

from evals.probes.adversarial import claims
from evals.probes.corpora import in_other_order
from evals.probes.ground import Finding, Ground, finding
from evals.systems import predict
from sequitur.schema import Answer


def order(ground: Ground) -> Finding:
    """Claims, citations and outcomes of the same questions over the same corpus, indexed in the opposite order."""
    cases = ground.answerable()
    before = [predict(ground.chat, case) for case in cases]
    with in_other_order(ground.settings) as chat:
        after = [predict(chat, case) for case in cases]
    pairs = list(zip(cases, before, after, strict=True))
    count = len(cases)
    figures = {
        "questions": count,
        "same claims": sum(claims(one) == claims(other) for _, one, other in pairs) / count if count else None,
        "same citations": sum(_cited(one) == _cited(other) for _, one, other in pairs) / count if count else None,
        "same outcome": sum(one.outcome is other.outcome for _, one, other in pairs) / count if count else None,
    }
    failures = [f"{case.id}: other claims" for case, one, other in pairs if claims(one) != claims(other)]
    return finding("order", "the notes indexed in the opposite order", figures, failures)


def _cited(answer: Answer) -> tuple[tuple[str, int, int], ...]:
    return tuple((citation.source, citation.start, citation.end) for citation in answer.citations)
