"""Verified claims → numbered citations with exact spans, and the evidence chain behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from sequitur.index import ArticleEntry, Index
from sequitur.orders import gives_orders
from sequitur.schema import (
    CheckedClaim,
    Citation,
    CitedReference,
    Claim,
    Hit,
    Passage,
    Side,
    Turn,
    Verdict,
    Withheld,
    page_of,
    retraction_check,
    short_name,
)
from sequitur.verify import Checked, check_all, differ, holds, source_span

_RELATED = 3


def numbers_given(turns: Sequence[Turn]) -> Mapping[str, int]:
    """The citation numbers that a conversation has given to passages so far."""
    return {identity: marker for turn in turns for identity, marker in zip(turn.shown, turn.markers, strict=False)}


class Citer:
    """Numbers citations and follows the article's in-text numbers to the references behind them."""

    def __init__(self, index: Index, entry: ArticleEntry) -> None:
        """`entry`: the article whose ledger says what its numbers stand for."""
        self._index = index
        self._behind = {line.number: line for line in entry.ledger}

    def check(self, claims: Sequence[Claim]) -> tuple[tuple[tuple[Claim, Checked], ...], tuple[Withheld, ...]]:
        """The claims that the verifier lets through, and those it withholds."""
        return check_all(claims, self._index.by_id, self._index.documents)

    def cite(
        self, kept: Sequence[tuple[Claim, Checked]], turns: Sequence[Turn] = (), beside: Sequence[str] = ()
    ) -> tuple[tuple[CheckedClaim, ...], tuple[Citation, ...]]:
        """Number the passages in order of first mention, then those cited beside the claims; one that an earlier turn has numbered keeps its number."""
        earlier = numbers_given(turns)
        new = count(max((turn.used for turn in turns), default=0) + 1)
        markers: dict[str, int] = {}
        claims = []
        for claim, checked in kept:
            for identity in checked.carried_by:
                if identity not in markers:
                    markers[identity] = earlier.get(identity) or next(new)
            cited = tuple(markers[identity] for identity in checked.carried_by)
            claims.append(CheckedClaim(claim.text, cited, Verdict.SUPPORTED, claim.lead, claim.against))
        for identity in beside:
            if identity not in markers:
                markers[identity] = earlier.get(identity) or next(new)
        in_order = sorted(markers.items(), key=lambda item: item[1])
        citations = tuple(self._citation(self._index.by_id[identity], marker, markers) for identity, marker in in_order)
        return tuple(claims), citations

    def sides(self, sides: Sequence[Side], kept: Sequence[tuple[Claim, Checked]]) -> tuple[Side, ...]:
        """The sides whose passages are shown and hold what they are said to hold; none unless they still differ."""
        shown = {identity for _, checked in kept for identity in checked.carried_by}
        documents = self._index.documents
        known = [side for side in sides if side.passage in shown and holds(side, self._index.by_id, documents)]
        return tuple(known) if differ([side.holds for side in known]) else ()

    def related(self, hits: Sequence[Hit]) -> tuple[Citation, ...]:
        """The nearest passages of an abstention, as related reading: they do not answer the question."""
        passages = [hit.passage for hit in hits if not (hit.passage.text.endswith("?") or hit.passage.flags)]
        sayable = [passage for passage in passages if not gives_orders(passage.text)]
        return tuple(
            replace(self._citation(passage, number, {}), flags=("related reading",)) for number, passage in enumerate(sayable[:_RELATED], 1)
        )

    def _citation(self, passage: Passage, marker: int, markers: dict[str, int]) -> Citation:
        document = self._index.documents[passage.document_id]
        span = source_span(passage, self._index.documents)
        return Citation(
            marker=marker,
            source=document.id,
            passage_id=passage.id,
            title=document.title,
            label=short_name(document),
            section=passage.section,
            passage=span.of(document.text),
            start=span.start,
            end=span.end,
            sha256=document.sha256,
            kind=document.kind,
            year=document.year or (int(self._updated_year) if document.kind == "article" and self._updated_year else None),
            url=document.url,
            confidence=document.confidence,
            flags=passage.flags,
            cites=self._chain(passage, markers),
            retraction_check=retraction_check(document),
            page=page_of(document, span.start),
        )

    @property
    def _updated_year(self) -> str:
        return self._index.articles[0].article.last_updated[:4]

    def _chain(self, passage: Passage, markers: dict[str, int]) -> tuple[CitedReference, ...]:
        """For each in-text number of a claim: its status, and the document and citation that show what it stands for."""
        chain = []
        for number in passage.citations:
            line = self._behind.get(number)
            if line is None:
                continue
            shown = next(
                (
                    (identity, markers[identity])
                    for identity in passage.supports
                    if identity in markers and self._of(identity) in line.document_ids
                ),
                None,
            )
            document = self._of(shown[0]) if shown else next(iter(line.document_ids), None)
            chain.append(CitedReference(number, line.status, document, shown[1] if shown else None))
        return tuple(chain)

    def _of(self, passage_id: str) -> str:
        return str(self._index.by_id[passage_id].document_id)
