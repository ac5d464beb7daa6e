"""The reference ledger: what each in-text citation number stands for. Never by position: the printed list carries no numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from sequitur.analysis import stems
from sequitur.schema import Article, Document, LedgerEntry, ListedReference, Passage
from sequitur.text import tokens


def build_ledger(article: Article, documents: Sequence[Document], passages: Sequence[Passage]) -> tuple[LedgerEntry, ...]:
    """One entry for each number that a claim cites, in numeric order.

    `listed`: a document bears the number and its title stands in the article's list. `self-citation`: the list has a publisher's own
    overview of that kind, and the documents behind the number are what it seems to relay. `inferred`: a document bears the number but the
    list does not name it. `candidate`: a document only may be meant. `unresolved`: nothing is known.
    """
    claims: dict[str, list[str]] = {}
    for passage in passages:
        if passage.document_id == article.document_id and passage.citations:
            for number in passage.citations:
                claims.setdefault(number, []).append(passage.id)
    return tuple(_entry(number, claims[number], article, documents) for number in sorted(claims, key=int))


def _entry(number: str, claims: Sequence[str], article: Article, documents: Sequence[Document]) -> LedgerEntry:
    bearing = [document for document in documents if document.cited_as == number]
    candidates = [document for document in documents if document.cited_as_candidate == number]
    listed = {_key(entry.title): entry for entry in article.references}
    for document in bearing:
        if _key(document.title) in listed:
            reason = "the article's reference list names this title"
            return _ledger_entry(number, "listed", [document], reason, claims)
    overview = _overview(article, documents)
    if bearing and overview and all(document.kind == overview.kind.lower() for document in bearing):
        ids = tuple(document.id for document in [*bearing, *candidates])
        reason = f"the list names the publisher's own overview ({overview.source}); its statements trace to these documents"
        return LedgerEntry(number, "self-citation", ids, overview.title, overview.year, reason, tuple(claims))
    if bearing:
        reason = "identified by content and figures; the article's reference list does not name it"
        return _ledger_entry(number, "inferred", bearing, reason, claims)
    if candidates:
        reason = "fits in subject and wording only; the article's reference list does not name it"
        return _ledger_entry(number, "candidate", candidates, reason, claims)
    return LedgerEntry(number, "unresolved", (), "", None, "no entry of the reference list and no document could be matched", tuple(claims))


def _ledger_entry(number: str, status: str, found: Sequence[Document], reason: str, claims: Sequence[str]) -> LedgerEntry:
    first = found[0]
    return LedgerEntry(number, status, tuple(document.id for document in found), first.title, first.year, reason, tuple(claims))


def _overview(article: Article, documents: Sequence[Document]) -> ListedReference | None:
    """The entry of the list whose publisher is the page's own, as the board line or the disclaimer names it, and that is no document here."""
    titles = {_key(document.title) for document in documents}
    own = f"{article.board} {article.disclaimer}".lower()
    for entry in article.references:
        publisher = re.split(r"\s", entry.source)[0].lower() if entry.source else ""
        if publisher and len(publisher) > 3 and publisher in own and _key(entry.title) not in titles:
            return entry
    return None


def _key(title: str) -> tuple[str, ...]:
    return tuple(tokens(title))


def link_supports(
    passages: Sequence[Passage], ledger: Sequence[LedgerEntry], similarity: Mapping[tuple[str, str], float]
) -> dict[str, tuple[str, ...]]:
    """For each claim of the article, the passage of each cited document that carries it best, where one carries it at all.

    `similarity` holds cosines for (claim id, passage id). A passage carries a claim when it has the claim's words, weighted by their rarity,
    and its figures; questions, limitations and remarks carry nothing.
    """
    behind = {entry.number: entry.document_ids for entry in ledger if entry.status != "unresolved"}
    able = [passage for passage in passages if not (passage.flags or passage.text.endswith("?") or _COMMENTARY.match(passage.section))]
    terms = {passage.id: frozenset(stems(passage.text)) for passage in passages}
    counts = Counter(term for passage in passages for term in terms[passage.id])
    rarity = {term: math.log(1 + len(passages) / count) for term, count in counts.items()}
    supports: dict[str, tuple[str, ...]] = {}
    for claim in passages:
        cited = dict.fromkeys(identity for number in claim.citations for identity in behind.get(number, ()))
        best = []
        for document_id in cited:
            scored = [
                (_carrying(terms[claim.id], terms[passage.id], rarity) + similarity.get((claim.id, passage.id), 0.0), passage.id)
                for passage in able
                if passage.document_id == document_id
            ]
            best.append(max(scored, default=(0.0, "")))
        found = tuple(identity for score, identity in sorted(best, reverse=True) if score >= _ENOUGH)
        if found:
            supports[claim.id] = found[:_MOST]
    return supports


_COMMENTARY = re.compile(r"limit|what it means|comment|discussion|editor", re.IGNORECASE)
_ENOUGH = 0.85  # of 2: half wording and figures, half cosine
_MOST = 2


def _carrying(claim: frozenset[str], passage: frozenset[str], rarity: Mapping[str, float]) -> float:
    """Share of the claim's words that stand in the passage, by rarity; figures count double."""

    def weight(term: str) -> float:
        return rarity[term] * (2.0 if term[0].isdigit() else 1.0)

    whole = sum(weight(term) for term in claim)
    return sum(weight(term) for term in claim & passage) / whole if whole else 0.0
