"""What the system is held against in the same run: plain retrieval, a tutorial's chain, and three that bound the measures.

Plain retrieval and the chain are asked the last turn as it was typed, show their four best texts as the answer, and never abstain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evals.cases import Case
from evals.measures import EXPECTED
from evals.retrieval import DEPTH, Ranked, carriers, relevant
from evals.systems import Asked, LastTurn, Predicted, Standalone, System
from sequitur.analysis import stems
from sequitur.assemble import Assembly
from sequitur.ports import Vectors
from sequitur.schema import TITLE, Answer, CheckedClaim, Citation, Document, Outcome, Passage, Review, Role, Span, Verdict, short_name

_SHOWN = 4  # texts shown, as in LangChain's tutorial (`k=4` is its vector stores' default)
_RRF = 60  # Cormack et al., 2009
_CHUNK, _OVERLAP = 1000, 200  # characters, as in LangChain's tutorial

Score = Callable[[str], Vectors]


class Text(NamedTuple):
    """A span of a document that a baseline shows."""

    document: Document
    span: Span
    section: str = ""


class Ranker(NamedTuple):
    """The best passages by a score, shown as they stand."""

    name: str
    score: Score
    passages: tuple[Passage, ...]
    documents: Mapping[str, Document]

    def predict(self, case: Case) -> Predicted:
        """The four best passages for the last turn."""
        started = time.perf_counter()
        scores = self.score(case.turns[-1])
        best = [self.passages[row] for row in np.argsort(-scores, kind="stable") if TITLE not in self.passages[row].flags][:DEPTH]
        texts = [Text(self.documents[passage.document_id], passage.span, passage.section) for passage in best[:_SHOWN]]
        return Predicted(shown(case, Outcome.ANSWERED, texts, started), tuple(passage.id for passage in best))


class Chain(NamedTuple):
    """LangChain's retrieval tutorial without a language model: chunks of every document, the same embedder, the nearest four."""

    chunks: tuple[Text, ...]
    vectors: Vectors
    embed: Callable[[str], Vectors]
    passages: tuple[Passage, ...]
    name: str = "langchain"

    def predict(self, case: Case) -> Predicted:
        """The four nearest chunks; as a ranking, the passages that each holds by more than half, in its order."""
        started = time.perf_counter()
        order = np.argsort(-(self.vectors @ self.embed(case.turns[-1])), kind="stable")
        best = [self.chunks[row] for row in order[: DEPTH // 4]]
        ranked = dict.fromkeys(identity for chunk in best for identity in self._inside(chunk))
        return Predicted(shown(case, Outcome.ANSWERED, best[:_SHOWN], started), tuple(ranked)[:DEPTH])

    def _inside(self, chunk: Text) -> list[str]:
        return [
            passage.id
            for passage in self.passages
            if passage.document_id == chunk.document.id
            and TITLE not in passage.flags
            and 2 * (min(passage.span.end, chunk.span.end) - max(passage.span.start, chunk.span.start))
            > passage.span.end - passage.span.start
        ]


class Oracle(NamedTuple):
    """The gold quotes as the answer, where one is due: what the measures give a perfect system."""

    documents: Mapping[str, Document]
    passages: tuple[Passage, ...]
    name: str = "oracle"

    def predict(self, case: Case) -> Predicted:
        """The expected outcome with every quote cited; as a ranking, the relevant passages, best grade first."""
        started = time.perf_counter()
        outcome = next(iter(EXPECTED[case.outcome]), Outcome.ABSTAINED)
        quotes = {(evidence.document, evidence.quote): None for evidence in case.evidence} if outcome is Outcome.ANSWERED else {}
        texts = [
            Text(self.documents[document], Span(start, start + len(quote)))
            for document, quote in quotes
            for start in [self.documents[document].text.index(quote)]
        ]
        grades = relevant(case, carriers(case, self.documents, self.passages))
        return Predicted(shown(case, outcome, texts, started), tuple(sorted(grades, key=lambda identity: (-grades[identity], identity))))


class Fixed(NamedTuple):
    """One answer to everything: nothing, or the whole corpus."""

    name: str
    outcome: Outcome
    texts: tuple[Text, ...]
    ranked: Ranked

    def predict(self, case: Case) -> Predicted:
        """The same as ever."""
        return Predicted(shown(case, self.outcome, self.texts, time.perf_counter()), self.ranked)


def shown(case: Case, outcome: Outcome, texts: Sequence[Text], started: float) -> Answer:
    """Texts as an answer, each a claim that cites itself, in the form that is judged. Nobody but the system shows a disclaimer."""
    claims, citations = [], []
    for marker, (document, span, section) in enumerate(texts, 1):
        words, identity = span.of(document.text), f"{document.id}:{span.start}-{span.end}"
        claims.append(CheckedClaim(words, (marker,), Verdict.SUPPORTED))
        citations.append(
            Citation(
                marker, document.id, identity, document.title, short_name(document), section, words, span.start, span.end,
                document.sha256, document.kind, document.year, document.url, document.confidence, (), (),
            )
        )  # fmt: skip
    return Answer(
        question=case.turns[-1],
        standalone=case.turns[-1],
        answer="\n".join(f"{claim.text} [{claim.citations[0]}]" for claim in claims),
        outcome=outcome,
        claims=tuple(claims),
        withheld=(),
        citations=tuple(citations),
        related=(),
        disclaimer="(none)",
        review=Review("", "", ""),
        role=Role(case.role),
        mode="baseline",
        note="",
        suggestions=(),
        milliseconds=(("total", round((time.perf_counter() - started) * 1000, 2)),),
    )


def baselines(assembly: Assembly, ask: Asked) -> tuple[System, ...]:
    """All of them, over one index and one embedder; a question is embedded once for all."""
    index = assembly.index
    documents, passages = index.documents, index.passages

    @lru_cache(maxsize=4096)
    def embed(text: str) -> Vectors:
        vector: Vectors = assembly.embedder.embed([text])[0]
        return vector

    def lexical(text: str) -> Vectors:
        return index.bm25(dict.fromkeys(stems(text), 1.0))

    def dense(text: str) -> Vectors:
        scores: Vectors = index.dense(embed(text)[None])[0]
        return scores

    def fused(text: str) -> Vectors:
        return reciprocal(lexical(text)) + reciprocal(dense(text))

    whole = tuple(Text(documents[passage.document_id], passage.span, passage.section) for passage in passages if TITLE not in passage.flags)
    chunks = chunked(tuple(documents.values()))
    vectors = np.stack([embed(chunk.span.of(chunk.document.text)) for chunk in chunks])
    ranked = tuple(passage.id for passage in passages if TITLE not in passage.flags)
    return (
        LastTurn(ask),
        Standalone(ask),
        *(Ranker(name, score, passages, documents) for name, score in (("bm25", lexical), ("dense", dense), ("rrf", fused))),
        Chain(chunks, vectors, embed, passages),
        Oracle(documents, passages),
        Fixed("empty", Outcome.ABSTAINED, (), ()),
        Fixed("all-passages", Outcome.ANSWERED, whole, ranked),
    )


def reciprocal(scores: Vectors) -> Vectors:
    """1 / (60 + rank) of each positive score, 0 of the others (reciprocal rank fusion; Cormack et al., 2009)."""
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(scores > 0, 1.0 / (_RRF + ranks), 0.0).astype(np.float32)


def chunked(documents: Sequence[Document]) -> tuple[Text, ...]:
    """Every document cut as LangChain's tutorial cuts it."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=_CHUNK, chunk_overlap=_OVERLAP, add_start_index=True)
    found = []
    for document in documents:
        for chunk in splitter.create_documents([document.text]):
            start = int(chunk.metadata["start_index"])
            found.append(Text(document, Span(start, start + len(chunk.page_content))))
    return tuple(found)
