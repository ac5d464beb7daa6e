"""The evidence is taken away: the answer must be that there is none."""

from __future__ import annotations

from evals.cases import Case, spans
from evals.probes.corpora import without
from evals.probes.ground import Finding, Ground, finding
from evals.systems import predict
from sequitur.chat import Chat
from sequitur.schema import Span


def removed_evidence(ground: Ground) -> Finding:
    """Each question is asked of a corpus without any passage that carries one of its vital facts.

    Abstaining is right; an answer from what is left may still be, so what is counted as wrong is a vital fact said all the same.
    """
    abstained, said, answered_before = [], [], 0
    for case in ground.answerable():
        before = predict(ground.chat, case)
        if before.abstained:
            continue
        answered_before += 1
        with without(ground.settings, evidence_spans(case, ground.chat)) as chat:
            after = predict(chat, case)
        abstained.append(after.abstained)
        if any(nugget.vital and nugget.recalled(after.answer) for nugget in case.nuggets) and not after.abstained:
            said.append(case.id)
    figures = {
        "questions answered before": answered_before,
        "abstained": sum(abstained) / answered_before if answered_before else None,
        "fact said without its evidence": len(said) / answered_before if answered_before else None,
    }
    failures = [f"{identity}: a vital fact is said though nothing carries it" for identity in said]
    return finding("removed evidence", "every passage that carries a vital fact taken out of the index", figures, failures)


def evidence_spans(case: Case, chat: Chat) -> dict[str, list[Span]]:
    """Where the vital facts of a case stand: the gold quotes, and every passage that one of the nuggets' patterns matches."""
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    places: dict[str, list[Span]] = {}
    found = spans(case, chat.documents)
    for nugget in vital:
        for document, span in found.get(nugget.id, ()):
            places.setdefault(document, []).append(span)
    for passage in chat.passages.values():
        text = chat.documents[passage.document_id].text
        whole = f"{passage.lead.of(text)} {passage.text}" if passage.lead else passage.text
        if any(nugget.recalled(whole) for nugget in vital):
            places.setdefault(passage.document_id, []).append(passage.span)
    return places
