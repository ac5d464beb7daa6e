"""A claim laid beside one reference: its passages in the order in which they are about it, and how far two sayings are about one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sequitur.audit.desk import Desk, Source, statement
from sequitur.audit.language import Clause
from sequitur.audit.people import RESTRICTIVE, exclusive, populations, without_whom
from sequitur.figures import same_figure
from sequitur.index import unmarked
from sequitur.schema import Document, Passage

STANDS, ABSENT, CONFLICTS = "stands", "absent", "conflicts"
ABOUT = 0.34  # alignment from which a passage is about the claim at all
TOPIC = 0.4  # share of a claim's words from which a reference speaks of it
_CLOSE = 0.5  # cosine from which a passage is about the claim, whatever its words
_PRIMARY = re.compile(r"\bprimary (?:outcome|end ?-?point)|\b(?:non-?|not )inferior")  # what stands for the outcome that was named before
_AROUND = 0.5  # how much a word counts that stands elsewhere in the same passage
_COMPARED = 0.5  # how much two clauses are about one thing that compare the same drugs
OVERLAP = 0.4  # share of a clause's words from which another is about the same thing


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reference says of one facet of a claim."""

    facet: str
    state: str  # STANDS, ABSENT or CONFLICTS
    reason: str  # for a reader; "" where it stands
    source: Source | None


@dataclass(frozen=True, slots=True)
class Aligned:
    """A passage and how far it is about a claim, 0..1."""

    source: Source
    score: float
    share: float  # of the claim's words
    cosine: float


@dataclass(frozen=True)
class Judged:
    """A claim against one reference."""

    document: Document
    aligned: tuple[Aligned, ...]  # best first
    share: float  # of the claim's words, by rarity, in the reference as a whole
    findings: tuple[Finding, ...]

    @property
    def speaks(self) -> bool:
        """Whether the reference is about the claim at all."""
        if not self.aligned or (self.aligned[0].score < ABOUT and not self._all_figures):
            return False
        return self.share >= TOPIC or self.has_figures or self.aligned[0].cosine >= _CLOSE

    @property
    def _all_figures(self) -> bool:
        """Whether all of several figures of the claim stand in it."""
        states = [finding.state for finding in self.findings if finding.facet.startswith(("part ", "figure "))]
        return len(states) > 1 and set(states) == {STANDS}

    @property
    def has_figures(self) -> bool:
        """Whether a telling figure of the claim stands in it."""
        return any(
            finding.state == STANDS and (finding.facet.startswith("part ") or (finding.facet.startswith("figure") and "." in finding.facet))
            for finding in self.findings
        )


class Case:
    """One claim, ready to be held against references."""

    def __init__(self, desk: Desk, claim: Passage) -> None:
        """`claim`: a passage of the article that cites something."""
        self.desk, self.claim = desk, claim
        self.own = statement(unmarked(claim))
        self.context = f"{desk.entry.article.title}. {claim.section}. {desk.words(claim)}"

    def align(self, document: Document) -> list[Aligned]:
        """The passages of a reference, those most about the claim first: by shared words, cosine and shared figures."""
        sources = self.desk.sources[document.id]
        if not sources:
            return []
        cosines = self.desk.cosine(self.claim, [source.passage for source in sources])
        frame = statement(f"{document.title} {document.population}").words
        found = []
        for source, cosine in zip(sources, cosines, strict=True):
            share = self.desk.share(self.own.words, source.statement.words, frame)
            own = [figure for figure in self.own.figures if figure.kind != "year"]
            matched = sum(any(same_figure(figure, there) for there in source.statement.figures) for figure in own)
            bonus = 0.2 * matched / len(own) if own else 0.0
            found.append(Aligned(source, 0.55 * share + 0.45 * max(cosine, 0.0) + bonus, share, cosine))
        return sorted(found, key=lambda row: -row.score)

    def fits(self, row: Aligned) -> float:
        """1 where a passage is about those whom the claim is about, less where it leaves them out and names others."""
        said = populations(self.own.text)
        document = row.source.document
        there = populations(row.source.statement.text) or populations(self.desk.whom(document))
        if any(axis in there and exclusive(values, there[axis]) for axis, values in said.items()):
            return 0.3
        return 0.75 if any(axis not in there and values & RESTRICTIVE for axis, values in said.items()) else 1.0

    def same_subject(self, row: Aligned) -> bool:
        """Whether a passage speaks of a drug of the claim, by itself or in a document about that drug; true of a claim without drugs."""
        if not self.own.drugs:
            return True
        own = statement(row.source.passage.text).drugs
        there = own or statement(f"{row.source.statement.text} {row.source.document.title}").drugs
        return any(self.desk.alike(drug, there) for drug in self.own.drugs)

    def overlap(self, clause: Clause, there: Clause, row: Aligned) -> float:
        """How much of a clause's outcome words another has; those that hold for its whole passage count in part."""
        said, others = statement(clause.text), statement(there.text)
        outcome = [word for word in statement(without_whom(clause.text)).words if word not in said.drugs and word != "placebo"] or list(
            said.words
        )
        drugs = said.drugs or self.own.drugs  # a clause that names none speaks of those that the claim has named
        if drugs and others.drugs and not any(self.desk.alike(drug, others.drugs) for drug in drugs):
            return 0.0
        meant = self.desk.outcome(row.source.document) if _PRIMARY.search(there.text) else ()
        by_words = self.desk.share(outcome, (*others.words, *meant), row.source.statement.words, _AROUND) if others.words else 0.0
        compared = len(said.drugs) > 1 and all(self.desk.alike(drug, others.drugs) for drug in said.drugs)
        if not compared and row.source.statement.words and self.same_subject(row) and _same_setting(clause, there):
            by_words = max(by_words, OVERLAP)
        return max(by_words, _COMPARED) if compared else by_words

    def names_same(self, clause: Clause, there: Clause, row: Aligned) -> bool:
        """Whether two clauses do not name different drugs; a mate of the same class will not do where the passage names the drug itself."""
        said, others = statement(clause.text).drugs, statement(there.text).drugs
        if others and said & row.source.statement.drugs and not said & others:
            return False
        return not said or not others or any(self.desk.alike(drug, tuple(others)) for drug in said)


def _same_setting(clause: Clause, there: Clause) -> bool:
    """Whether two clauses speak of the same time: "after 3 hours"."""
    times = [figure for figure in clause.figures if figure.kind == "duration"]
    return any(same_figure(figure, other) for figure in times for other in there.figures if other.kind == "duration")


def short(source: Source) -> str:
    """A passage as it is quoted in a reason."""
    words = " ".join(source.statement.text.split())
    return words if len(words) <= 180 else words[:177].rsplit(" ", 1)[0] + " …"
