"""What a premise is about, and whether a passage is about the very same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sequitur.analysis import stem, stems
from sequitur.audit.desk import statement
from sequitur.audit.people import NARROW, exclusive, populations, whom, without_whom
from sequitur.coverage import present
from sequitur.figures import figures, same_figure
from sequitur.index import Index, unmarked
from sequitur.premise.granted import SAFE_IN, Premise
from sequitur.routes import may_be, routes
from sequitur.schema import UNCHECKED, Passage, Query
from sequitur.stance import ADVICE, EFFECT, HARM, RATE, Stance, names_harm, stances
from sequitur.text import fold, tokens
from sequitur.text import words as counted

COMMENTARY = re.compile(r"limit|what it means|comment|discussion|editor|^question$|objective|background|introduction", re.IGNORECASE)
_PLACEBO = re.compile(
    r"\bplacebo|\bvehicle|\bsaline|\bsham|\bcontrols?\b|\bbetween (?:the )?(?:groups|arms)|\bin every arm|\bboth (?:groups|arms)"
)
_COMPARES = re.compile(r"\b(?:than|versus|vs|compared|over)\b")
_EVERYBODY = (
    "patients adults people persons participants individuals women men those infants children adolescents young treated receiving given"
)
# "A single infusion", "long-term": what holds of these need not hold else.
_QUALIFIED = re.compile(
    r"\b(?:single|one-off|once|short(?:[- ]term)?|long[- ]term|low(?:er)?[- ]dos\w+|high(?:er)?[- ]dos\w+|brief|repeated|prolonged|combined|combination|adjunct\w*|add-on)\b"
)
_SHORT = 15  # words of a passage by which what it corrects stands back
_PRESENT = 0.55  # how far a passage must have each word of a premise, in any wording
# Words that say how a treatment stands, not of what it is said.
_FRAME = frozenset(stem(word) for word in (Path(__file__).parent / "frame.txt").read_text(encoding="utf-8").split())


def said(passage: Passage, index: Index) -> str:
    """A passage's own words, behind its lead-in where they do not say themselves of which drug they speak."""
    own = unmarked(passage)
    if passage.lead is None or statement(own).drugs:
        return own
    return f"{passage.lead.of(index.documents[passage.document_id].text)} {own}"


@dataclass(frozen=True, slots=True)
class Matter:
    """What a premise is about: its drugs, what else it names, and in whom."""

    said: str
    axis: str
    drugs: frozenset[str]
    words: tuple[tuple[tuple[frozenset[str], float], ...], ...]  # each in its wordings, as stems
    route: frozenset[str]  # by which the drug is given
    against_placebo: bool
    people: dict[str, frozenset[str]]

    @classmethod
    def of(cls, premise: Premise, query: Query, index: Index) -> Matter | None:
        """None where nothing says what the premise is about."""
        named = statement(premise.said)
        drugs = named.drugs - {"placebo"}
        words = [
            word
            for word in statement(without_whom(premise.said)).words
            if stem(word) not in _FRAME and word.removesuffix("s") not in drugs and word != "placebo"
        ]
        if not drugs:
            title = index.articles[0].article.title
            drugs = statement(query.standalone).drugs or statement(title).drugs
        if len(drugs) > 1 and premise.stance.axis not in {EFFECT, RATE}:
            return None  # which of them is meant, cannot be told
        if premise.stance.axis == HARM and premise.stance.of:
            words = [word for word in words if not names_harm(word, premise.stance.of)]
        if (
            not (drugs or words)
            or (premise.stance.axis == RATE and not words)
            or (SAFE_IN.search(premise.said) and premise.stance.axis == ADVICE and not (words or populations(premise.said)))
        ):
            return None
        wordings = tuple(_wordings(word, query) for word in words)
        placebo = bool(re.search(r"\bplacebo|\bdummy|\bsham|\bsugar pill", premise.said))
        return cls(
            premise.said,
            premise.stance.axis,
            drugs,
            wordings,
            frozenset(routes(premise.said)),
            placebo,
            populations(f"{premise.said} {query.standalone} {index.articles[0].article.title}"),
        )

    def near(self, stance: Stance, passage: Passage, index: Index) -> bool:
        """Whether a clause of a passage may be about the same: enough for it to hold with the question."""
        document = index.documents[passage.document_id]
        named = stance.drugs - {"placebo"} or statement(said(passage, index)).drugs - {"placebo"} or statement(document.title).drugs
        if self.drugs and not self.drugs <= _kin(named):
            return False
        row = index.row(passage.id)
        if self.against_placebo and not self._with_placebo(stance, passage, index):
            return False
        there = index.stems[row]
        if self.axis == RATE:
            there = frozenset(stems(f"{stance.clause.text} {passage.section}"))
        if self.axis != HARM:
            there = there | index.stems[index.titles[row]] | frozenset(stems(document.population))
        if not all(present(wordings, there) >= _PRESENT for wordings in self.words):
            return False
        if self.axis == RATE and not any(present(wordings, frozenset(stems(stance.clause.text))) >= _PRESENT for wordings in self.words):
            return False
        if self.route and not may_be(self.route, routes(f"{passage.section}. {said(passage, index)}")):
            return False
        people = populations(f"{passage.section}. {said(passage, index)} {document.title} {document.population}")
        return all(values & people.get(axis, frozenset()) for axis, values in populations(self.said).items())

    def alone(self, stance: Stance) -> bool:
        """Whether a clause speaks of the drugs of the matter alone, or says the same of all it names."""
        return len(stance.drugs - {"placebo"}) <= len(self.drugs) or _joined(stance, self.drugs)

    @staticmethod
    def _with_placebo(stance: Stance, passage: Passage, index: Index) -> bool:
        """Whether a clause compares with placebo, or with nothing else in a study that does."""
        if _PLACEBO.search(stance.clause.text):
            return True
        group = index.group_stems[index.groups[index.row(passage.id)]]
        return not _COMPARES.search(stance.clause.text) and "placebo" in group

    def same(self, stance: Stance, passage: Passage, index: Index) -> bool:
        """Whether a clause that is near is about the very same: the same drugs alone, in the order compared, in the same people."""
        if self.axis != HARM and not self.alone(stance):
            return False
        if len(self.drugs) > 1 and not _in_order(self.said, stance.clause.text, self.drugs):
            return False
        text = fold(f"{passage.section}. {said(passage, index)}")
        if any(found not in text for found in _QUALIFIED.findall(self.said)):
            return False
        there = figures(said(passage, index))
        if any(figure.kind != "year" and not any(same_figure(figure, other) for other in there) for figure in figures(self.said)):
            return False
        known = {stem(word) for word in tokens(f"{self.said} {index.articles[0].article.title} {_EVERYBODY}")}
        if self.axis != HARM and any(stem(word) not in known for word in whom(said(passage, index))):
            return False
        return self._people(passage, index)

    def _people(self, passage: Passage, index: Index) -> bool:
        """In whom: not in others, and on whether it works or is advised not in a few of those alone whom the premise speaks of."""
        document = index.documents[passage.document_id]
        own = populations(said(passage, index))
        there = own if document.kind == "article" else {**populations(f"{document.population} {document.title}"), **own}
        if any(axis in there and exclusive(values, there[axis]) for axis, values in self.people.items()):
            return False
        if self.axis == HARM:
            return True
        return not any(values & NARROW and not values & self.people.get(axis, frozenset()) for axis, values in there.items())

    def fit(self, stance: Stance, passage: Passage, index: Index) -> int:
        """How plainly a passage says it: in the article or a guideline, of the drug by name, not in a comment."""
        kind = index.documents[passage.document_id].kind
        return (
            len(set(stems(self.said)) & set(stems(stance.clause.text)))
            + 2 * bool(self.drugs & stance.drugs)
            + 3 * (stance in stances(unmarked(passage)))
            + (kind in {"article", "guideline", "systematic-review", "meta-analysis"})
            + 2 * (not COMMENTARY.search(passage.section))
            + (UNCHECKED not in passage.flags)
            - counted(passage.text) // _SHORT
        )


def _wordings(word: str, query: Query) -> tuple[tuple[frozenset[str], float], ...]:
    """A word of the premise in its wordings: those of the question's concept that has it, else itself."""
    for focus in query.focus:
        if stem(word) in stems(focus.wordings[0][0]):
            return tuple((frozenset(stems(wording)), 1.0) for wording, weight in focus.wordings if weight >= 0.55 and stems(wording))
    return ((frozenset(stems(word)) or frozenset({word}), 1.0),)


def _kin(drugs: Iterable[str]) -> frozenset[str]:
    return frozenset(form for drug in drugs for form in (drug, drug.removesuffix("s")))


def _in_order(said: str, there: str, drugs: Iterable[str]) -> bool:
    """Whether drugs that are compared stand in the same order in both."""
    found = [sorted((text.find(drug), drug) for drug in drugs) for text in (said, there)]
    return [drug for _, drug in found[0]] == [drug for _, drug in found[1]]


def _joined(stance: Stance, drugs: frozenset[str]) -> bool:
    """Whether a clause says the same of all drugs it names: "A, B and C are recommended", not "A, not B" or "A with B"."""
    text = stance.clause.text
    return not re.search(r"\b(?:not|but|than|versus|vs|with|plus|added|unlike|instead|while|whereas|over)\b", text) and bool(drugs)
