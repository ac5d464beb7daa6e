"""The main path: gate, condense, retrieve, compose, verify. Read `answer_events` first."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import prompts
from sequitur import __version__, safety
from sequitur.assemble import Assembly, Shelf, open_shelf
from sequitur.cite import Citer
from sequitur.compose import compose
from sequitur.condense import additions, condense, question_text
from sequitur.errors import ModelError
from sequitur.retrieve import retrieve
from sequitur.schema import (
    Answer,
    Article,
    CheckedClaim,
    Citation,
    CitedSide,
    Document,
    Draft,
    Hit,
    LedgerEntry,
    Outcome,
    Passage,
    Provenance,
    Query,
    Retrieved,
    Review,
    Role,
    Turn,
)
from sequitur.settings import Settings
from sequitur.suggest import starters, suggestions
from sequitur.triage import Gate
from sequitur.write import Said, clarification, markdown

NO_DISCLAIMER = (
    "This article prints no disclaimer of its own. What stands here is general information for health professionals, not advice for one person; "
    "verify it against primary sources before use."
)


_LONGEST_ABOUT = 600  # characters of a chosen passage that a question carries


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that has been reached: "understanding", "searching", "composing", "checking"."""

    name: str
    hits: tuple[Hit, ...] = ()  # what the search found, told with "composing"


def about(question: str, words: str) -> str:
    """A question about words that the reader chose, as one that stands alone."""
    chosen = " ".join(words.split())
    if len(chosen) > _LONGEST_ABOUT:
        chosen = f"{chosen[:_LONGEST_ABOUT].rsplit(' ', 1)[0]} …"
    return f"{question.strip().rstrip('?').rstrip()} (about: {chosen})?"


class Chat:
    """Answers questions about one article from an opened index. Holds no conversation: turns are passed in."""

    def __init__(self, assembly: Assembly, settings: Settings) -> None:
        """Use `open_chat` or `Library.chat` instead."""
        self._assembly = assembly
        self._settings = settings
        self._index = assembly.index
        self._entry = self._index.articles[0]
        self._citer = Citer(self._index, self._entry)
        self._provenance = Provenance(
            version=__version__,
            article=self._index.documents[self.article.document_id].article,
            generation=self._index.generation,
            corpus=corpus_digest({document.id: document.sha256 for document in self._index.documents.values()}),
            embedder=assembly.embedder.fingerprint,
        )

    @property
    def article(self) -> Article:
        """The article that is asked about."""
        return self._entry.article

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """What the article's in-text numbers stand for."""
        return self._entry.ledger

    @property
    def documents(self) -> Mapping[str, Document]:
        """All documents by id."""
        return self._index.documents

    @property
    def passages(self) -> Mapping[str, Passage]:
        """All passages by id."""
        return self._index.by_id

    @property
    def starters(self) -> tuple[str, ...]:
        """Four questions to begin with, which the corpus answers."""
        return starters(self.article)

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """The k best passages for a question that stands alone.

        Raises:
            QuestionError: the question cannot be asked.
        """
        return _search(self._assembly, question, k)

    def ask(self, question: str, turns: Sequence[Turn] = (), role: Role = Role.CLINICIAN, standalone: str | None = None) -> Answer:
        """One verified answer.

        Raises:
            QuestionError: the question cannot be asked.
        """
        *_, answer = self.stream(question, turns, role, standalone)
        if not isinstance(answer, Answer):
            message = "no answer came out of the stages"
            raise ModelError(message)
        return answer

    def stream(
        self, question: str, turns: Sequence[Turn] = (), role: Role = Role.CLINICIAN, standalone: str | None = None
    ) -> Iterator[Stage | CheckedClaim | Answer]:
        """The stages as they are reached, then each verified claim, then the answer. Unverified text never leaves.

        Raises:
            QuestionError: the question cannot be asked.
        """
        clock = _Clock()
        asked = question_text(question)
        gate = self._assembly.triage.gate(asked)
        if gate is Gate.EMERGENCY:
            yield self._plain(asked, Outcome.URGENT, safety.first_aid(asked, self._numbers()), role, clock)
            return
        yield Stage("understanding")
        query, unheeded = self._understood(asked, turns, standalone, gate)
        clock.lap("condense")
        if query.acknowledgement:
            yield self._plain(asked, Outcome.ACKNOWLEDGED, "You're welcome. Ask on whenever something else comes up.", role, clock)
            return
        if query.choices and gate is not Gate.PERSONAL:
            yield replace(self._plain(asked, Outcome.CLARIFY, clarification(query.choices), role, clock), suggestions=query.choices)
            return
        yield Stage("searching")
        retrieved = retrieve(query, self._index, self._assembly.embedder)
        clock.lap("retrieve")
        yield Stage("composing", retrieved.hits)
        draft = self._draft(query, retrieved, role, gate)
        draft = replace(draft, note="; ".join(note for note in (unheeded, draft.note) if note))
        clock.lap("compose")
        yield Stage("checking")
        yield from self._checked(query, retrieved, draft, _Asked(turns, role, gate), clock)

    def refused(self, question: str, reason: str, role: Role = Role.CLINICIAN) -> Answer:
        """The answer to a question that cannot be asked: the reason, with the disclaimer like any other."""
        return self._plain(question, Outcome.ABSTAINED, f"{reason[:1].upper()}{reason[1:]}.", role, _Clock())

    def turn(self, answer: Answer) -> Turn:
        """What a later question needs to know of an answer. A passage that has changed since is no longer known by its number."""
        same = [citation for citation in answer.citations if self._stands(citation)]
        return Turn(
            answer.question,
            answer.standalone,
            tuple(citation.passage_id for citation in same),
            answer.outcome.value,
            tuple(citation.marker for citation in same),
            max((citation.marker for citation in answer.citations), default=0),
            answer.suggestions if answer.outcome is Outcome.CLARIFY else (),
        )

    def _stands(self, citation: Citation) -> bool:
        document = self._index.documents.get(citation.source)
        return citation.passage_id in self._index.by_id and document is not None and document.sha256 == citation.sha256

    def _understood(self, asked: str, turns: Sequence[Turn], standalone: str | None, gate: Gate) -> tuple[Query, str]:
        """What is searched for: by the rules, or for a follow-up as the language model puts it, where its wording adds nothing; and why it was not."""
        known = self._assembly.vocabulary
        query = condense(asked, turns, known, standalone)
        if self._assembly.llm is None or standalone or not query.before or query.acknowledgement or query.choices or gate is Gate.PERSONAL:
            return query, ""
        try:
            rewritten = self._assembly.llm.rewrite(asked, turns)
        except ModelError as error:
            return query, f"{error}; the question was understood by rule"
        if added := additions(rewritten, asked, turns, known):
            return query, f"the language model added {', '.join(added)} to the question, which was understood by rule instead"
        return condense(asked, turns, known, rewritten), ""

    def _draft(self, query: Query, retrieved: Retrieved, role: Role, gate: Gate) -> Draft:
        """The draft to check; it says why it is not the language model's where one is set. What is personal is never given to a model."""
        extractive = compose(query, retrieved, self._index, avoid=gate is Gate.PERSONAL)
        if self._assembly.llm is None or gate is Gate.PERSONAL or not extractive.claims:
            return extractive
        try:
            draft = self._assembly.llm.compose(query, retrieved.hits, role)
        except ModelError as error:
            return replace(extractive, note=f"{error}; these are the sources' own sentences")
        kept, _ = self._citer.check(draft.claims)
        corrections = tuple(claim for claim in extractive.claims if claim.against)
        if draft.claims and not kept:
            return replace(
                extractive, note="no sentence of the language model stood up to its sources; these are the sources' own sentences"
            )
        return replace(draft, claims=(*corrections, *draft.claims))

    def _checked(self, query: Query, retrieved: Retrieved, draft: Draft, by: _Asked, clock: _Clock) -> Iterator[CheckedClaim | Answer]:
        kept, withheld = self._citer.check(draft.claims)
        sides = self._citer.sides(draft.sides, kept)
        claims, citations = self._citer.cite(kept, by.turns, [side.whom for side in sides if side.whom])
        numbers = {citation.passage_id: citation.marker for citation in citations}
        cited = tuple(CitedSide(side.holds, numbers[side.passage], side.time, numbers.get(side.whom)) for side in sides)
        clock.lap("verify")
        yield from claims
        outcome = Outcome.PERSONAL if by.gate is Gate.PERSONAL else Outcome.ANSWERED if claims else Outcome.ABSTAINED
        related = () if claims else self._citer.related(retrieved.hits)
        text = markdown(outcome, Said(claims, citations, cited, table=draft.table), draft.missing, self.article, by.role)
        if by.gate is Gate.CONCERN:
            text = f"{safety.concern(self._numbers())}\n\n{text}"
        answer = self._plain(query.asked, outcome, text, by.role, clock)
        yield replace(
            answer,
            standalone=query.standalone,
            claims=claims,
            withheld=withheld,
            citations=citations,
            related=related,
            mode=draft.mode,
            note=draft.note,
            suggestions=suggestions(self.article, self._index, query, citations),
            milliseconds=clock.laps(),
            provenance=self._made(draft, retrieved),
            sides=cited,
        )

    def _made(self, draft: Draft, retrieved: Retrieved) -> Provenance:
        found = tuple(hit.passage.id for hit in retrieved.hits)
        if draft.mode != "llm":
            return replace(self._provenance, retrieved=found)
        given = tuple((name, prompts.digest(name)) for name in prompts.ANSWERING)
        return replace(self._provenance, retrieved=found, model=self._settings.llm, prompts=given)

    def _plain(self, asked: str, outcome: Outcome, text: str, role: Role, clock: _Clock) -> Answer:
        article = self.article
        return Answer(
            question=asked,
            standalone=asked,
            answer=text,
            outcome=outcome,
            claims=(),
            withheld=(),
            citations=(),
            related=(),
            disclaimer=article.disclaimer or NO_DISCLAIMER,
            review=Review(article.status, article.last_updated, article.notice),
            role=role,
            mode="extractive",
            note="",
            suggestions=() if outcome is Outcome.URGENT else self.starters[:3],
            milliseconds=clock.laps(),
            provenance=self._provenance,
        )

    def _numbers(self) -> safety.Numbers:
        return safety.Numbers(self._settings.emergency_number, self._settings.crisis_line, self._settings.poison_centre)


def corpus_digest(documents: Mapping[str, str]) -> str:
    """One sha256 for a whole corpus, from the sha256 of each document by id: it changes when one comes, goes or changes."""
    lines = sorted(f"{identity} {sha256}" for identity, sha256 in documents.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Library:
    """The articles of an opened index: a chat about each, and a search over all."""

    def __init__(self, shelf: Shelf, settings: Settings) -> None:
        """Use `open_library` instead."""
        self._shelf, self._settings = shelf, settings

    @property
    def generation(self) -> str:
        """Name of the index's generation."""
        return self._shelf.generation

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by slug."""
        return self._shelf.articles

    def chat(self, article: str = "") -> Chat:
        """A chat about one article, which cites it and its own references alone; by default the settings' one, or the only one.

        Raises:
            StoreError: there is no article.
            SettingsError: there is none of that name, or there are several and none is named.
        """
        return Chat(self._shelf.about(article or self._settings.article), self._settings)

    def search(self, question: str, k: int = 10) -> tuple[tuple[Document, Hit], ...]:
        """The k best passages of all articles and references, each with its document.

        Raises:
            QuestionError: the question cannot be asked.
        """
        whole = self._shelf.whole()
        return tuple((whole.index.documents[hit.passage.document_id], hit) for hit in _search(whole, question, k))


def open_library(settings: Settings) -> Library:
    """The articles of the index that the settings name.

    Raises:
        SequiturError: there is no usable index or embedder; the message says what mends it.
    """
    return Library(open_shelf(settings), settings)


def open_chat(settings: Settings) -> Chat:
    """A chat about the article that the settings name, or the only one.

    Raises:
        SequiturError: as `open_library` and `Library.chat`.
    """
    return open_library(settings).chat()


def _search(assembly: Assembly, question: str, k: int) -> tuple[Hit, ...]:
    query = condense(question, (), assembly.vocabulary)
    return retrieve(query, assembly.index, assembly.embedder, k).hits


class _Asked(NamedTuple):
    """What came before a question, who asks it, and what the gate said."""

    turns: Sequence[Turn]
    role: Role
    gate: Gate


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: list[tuple[str, float]] = []

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps.append((name, round((now - self._last) * 1000, 2)))
        self._last = now

    def laps(self) -> tuple[tuple[str, float], ...]:
        return (*self._laps, ("total", round((time.perf_counter() - self._start) * 1000, 2)))
