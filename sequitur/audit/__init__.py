"""The audit of an article: every cited claim held against the passages of the references it cites, by rules, with the reason for a reader.

Read `model` first, then `verdicts`: desk (what may carry a claim) → judge (one claim, one reference) → verdicts (one claim, all its references).
"""

from __future__ import annotations

from collections.abc import Mapping

from sequitur.audit.desk import Desk
from sequitur.audit.leftout import left_out
from sequitur.audit.model import Audit, AuditVerdict, Chain, Evidence, LeftOut, Link, Omission, Remark, Standing
from sequitur.audit.verdicts import chain
from sequitur.errors import QuestionError
from sequitur.index import ArticleEntry, Index
from sequitur.schema import Span

__all__ = [
    "Audit", "AuditVerdict", "Chain", "Evidence", "LeftOut", "Link", "Omission", "Remark", "Standing", "article_entry", "audit_article", "evidence_chain",
]  # fmt: skip


def article_entry(index: Index, slug: str | None = None) -> ArticleEntry:
    """The article that is meant: the one named, or the only one.

    Raises:
        QuestionError: there is no such article, or none is named and there are several.
    """
    known = {entry.article.document_id: entry for entry in index.articles}
    if slug is None and len(known) == 1:
        return next(iter(known.values()))
    if slug in known:
        return known[str(slug)]
    listed = ", ".join(sorted(known)) or "none"
    message = f"no article {slug!r} in the index; there are: {listed}" if slug else f"choose an article with --article; there are: {listed}"
    raise QuestionError(message)


def audit_article(index: Index, entry: ArticleEntry, english: Mapping[str, int] | None = None) -> Audit:
    """Every cited claim of an article against its references, and what the article leaves out.

    `english`: everyday words by frequency rank, as the embedder knows them; without it every unknown word counts as a thing.
    """
    desk = _desk(index, entry, english)
    chains = tuple(chain(desk, claim) for claim in desk.claims if claim.citations)
    return Audit(entry.article.document_id, entry.article.title, entry.ledger, chains, left_out(desk))


def evidence_chain(index: Index, entry: ArticleEntry, span: Span, english: Mapping[str, int] | None = None) -> tuple[Chain, ...]:
    """For a passage of the article: each of its claims, their numbers, the references behind them, and the passages there that carry or contradict it."""
    desk = _desk(index, entry, english)
    inside = (claim for claim in desk.claims if claim.span.start < span.end and span.start < claim.span.end)
    return tuple(chain(desk, claim) for claim in inside if claim.citations)


def _desk(index: Index, entry: ArticleEntry, english: Mapping[str, int] | None) -> Desk:
    """The desk of one article of an index that may hold several."""
    alone = index.about(index.documents[entry.article.document_id].article)
    return Desk(alone, alone.articles[0], english or {})
