"""The values that pass from hop to hop. All frozen; a later value may hold earlier ones, never the reverse.

Read top to bottom: what is read (`Document`, `Article`), what is indexed (`Passage`), what is asked (`Query`), what is found
(`Hit`), what is written (`Draft`), and what alone may be shown (`Answer`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

TITLE = "title"  # flag of the passage that stands for a whole document
REMARK = "editor's remark"  # flag of a line in which an editor comments on the article
UNCHECKED = "not page-checked"  # flag of a line that nobody has held against the printed page
DOUBTED = ("retracted", "expression of concern")  # states of a publication that also flag its passages
WHOM = "Population"  # section of the passage that says whom a document is about
# What a source holds on a yes-or-no question about a treatment.
BENEFIT, NO_DIFFERENCE, NOT_CLEAR = "a benefit", "no difference", "not clear"
RECOMMENDED, NOT_RECOMMENDED = "recommended", "not recommended"
RETRACTION_STATES = ("none", "corrected", *DOUBTED)


class Span(NamedTuple):
    """Half-open character range [start, end) of a document's stored text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters the span covers."""
        return text[self.start : self.end]


class Role(StrEnum):
    """Who is asking; changes wording and density, never the facts."""

    CLINICIAN = "clinician"
    TRAINEE = "trainee"
    PATIENT = "patient"


class Outcome(StrEnum):
    """What an answer is."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    URGENT = "urgent"
    PERSONAL = "personal"  # answered from the literature, with a personal dose or decision declined
    ACKNOWLEDGED = "acknowledged"
    CLARIFY = "clarify"  # asked back: what could be meant stands in the suggestions


class Verdict(StrEnum):
    """What the verifier says of one claim (FEVER's labels)."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Document:
    """One whole text of the corpus and what is known about it. Offsets anywhere point into `text`."""

    id: str
    kind: str  # "article", "guideline", "systematic-review", "meta-analysis", "rct", "cohort", "case-series", "review", …
    title: str
    text: str
    sha256: str  # of `text` as UTF-8
    path: str  # relative to the corpus folder
    article: str  # slug of the article it belongs to
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    population: str = ""
    url: str | None = None
    doi: str | None = None
    pmid: str | None = None
    confidence: str = ""  # how well a note was checked: "high", "medium", "low", or "" where nothing is said
    cited_as: str = ""  # the article's in-text number, where the note states it
    cited_as_candidate: str = ""  # the number it probably stands for
    retraction: str = ""  # what the last retraction check found, one of RETRACTION_STATES; "" where none was run
    retraction_checked: str = ""  # the day of that check, ISO
    pages: tuple[int, ...] = ()  # offset at which each page begins, where the file has pages
    notes: tuple[str, ...] = ()  # what reading the file left out or mended


def page_of(document: Document, offset: int) -> int | None:
    """The page, from 1, on which a character of the stored text stands; None where the file has no pages."""
    return max(1, bisect_right(document.pages, offset)) if document.pages else None


def short_name(document: Document) -> str:
    """What a reader calls a source: "Pickering 2020"; the title for a document without authors."""
    if not document.authors or document.kind == "article":
        return document.title
    parts = document.authors[0].split()
    surname = " ".join(parts[:-1]) if len(parts) > 1 and parts[-1].isupper() else document.authors[0]
    return f"{surname} {document.year}" if document.year else surname


def retraction_check(document: Document) -> str:
    """The state of a source's retraction check in a few words; empty for the article itself, which is no publication of that kind."""
    if document.kind == "article":
        return ""
    if not document.retraction_checked:
        return "retraction check: not run"
    found = {"none": "", "corrected": ", a correction was published"}.get(document.retraction, f", {document.retraction}")
    return f"retraction check: {document.retraction_checked}{found}"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, lead-in, bullet or numbered step of an article. `span` leaves out the bullet sign and trailing citation numbers."""

    kind: str  # "paragraph", "lead-in", "bullet", "step"
    level: int  # nesting depth, 0 for top level
    label: str  # "1." of a numbered step, else ""
    text: str
    span: Span
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    span: Span
    blocks: tuple[Block, ...]
    level: int = 0  # from 1 where the page marks its headings' levels, else 0


@dataclass(frozen=True, slots=True)
class ListedReference:
    """An entry of the article's own reference list; most lists carry no numbers."""

    kind: str  # "Guideline", "Research", … as printed
    title: str
    source: str  # journal or publisher, as printed
    year: int | None
    span: Span
    label: str = ""  # the number, where the list prints one


@dataclass(frozen=True, slots=True)
class Article:
    """What an article's page says of itself. Missing parts are empty, never assumed."""

    document_id: str
    title: str
    board: str  # advisory-board line
    notice: str  # educational-purpose banner
    steps: tuple[str, ...]  # review steps as printed
    status: str  # "under review", "approved", … or "unknown"
    last_updated: str  # ISO date or ""
    sections: tuple[Section, ...]
    references: tuple[ListedReference, ...]
    disclaimer: str
    invitation: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one in-text citation number stands for."""

    number: str
    status: str  # "listed", "inferred", "candidate", "self-citation", "unresolved"
    document_ids: tuple[str, ...]
    title: str
    year: int | None
    reason: str
    claims: tuple[str, ...]  # passage ids that cite it


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: one claim (a bullet, a step or a sentence), a span of one document."""

    id: str  # "<document id>:<start>-<end>"
    document_id: str
    span: Span
    text: str  # == document.text[span]
    section: str
    lead: Span | None  # the lead-in a list item needs to be understood ("Consider ketamine only when:")
    marks: tuple[Span, ...]  # in-text citation numbers inside the span
    citations: tuple[str, ...]  # in-text numbers behind the claim
    supports: tuple[str, ...]  # passages of the cited references that carry the claim
    flags: tuple[str, ...]  # "title", "editor's remark", "not page-checked"


@dataclass(frozen=True, slots=True)
class Turn:
    """One past turn of a conversation: what was asked, how it was understood, and the passages shown."""

    asked: str
    standalone: str
    shown: tuple[str, ...] = ()  # passage ids, in marker order
    outcome: str = Outcome.ANSWERED.value
    markers: tuple[int, ...] = ()  # of the passages shown, where citations are numbered through the conversation
    used: int = 0  # the highest citation number given so far, then too
    choices: tuple[str, ...] = ()  # what was offered, where the answer was a question back


@dataclass(frozen=True, slots=True)
class Reading:
    """One wording of the question that is searched for; `weight` scales its share in fusion."""

    text: str
    weight: float
    terms: tuple[tuple[str, float], ...] = ()  # lexical terms with weights; empty: the words of `text`


@dataclass(frozen=True, slots=True)
class Focus:
    """One concept a question is about: its wordings, the typed one first, and how much of the question hangs on it, 0..1."""

    wordings: tuple[tuple[str, float], ...]  # with how far each may stand in for the typed one, which has 1
    strength: float
    medical: bool  # a drug, a condition, or another term of the lexicon
    exact: bool  # nothing that merely resembles it will do: drugs, names, figures
    meant: str  # the words by which its likeness to others is judged: what a short form stands for, else the typed ones


@dataclass(frozen=True, slots=True)
class Query:
    """What the reader asked, what was understood, and what is searched for."""

    asked: str
    standalone: str
    readings: tuple[Reading, ...]
    wants: tuple[str, ...]  # answer types, most specific first: "dose", "number", "harm", "benefit", "study", …
    focus: tuple[Focus, ...]
    named: tuple[str, ...] = ()  # ids of documents the question names ("the 2020 trial", "Hardy")
    shown: tuple[str, ...] = ()  # ids of documents of the last answer that it may be about
    pointed: bool = False  # it points back to them in words ("that study", "[2]"), or the question before named them
    before: str = ""  # the question before, where this one follows up on it
    conversed: str = ""  # what is held against passages token by token: the question in its conversation
    acknowledgement: bool = False
    choices: tuple[str, ...] = ()  # what could be meant, where it is not clear; empty otherwise


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query."""

    passage: Passage
    rank: int  # from 1
    score: float
    dense_rank: int | None
    bm25_rank: int | None
    similarity: float  # best cosine to the question, alone or in its conversation, -1..1
    coverage: float  # share of the question's concepts that the passage has, 0..1


@dataclass(frozen=True, slots=True)
class Gaps:
    """What of a question the corpus leaves uncovered. By default nothing was asked."""

    unknown: tuple[str, ...] = ()  # concepts that no passage of the corpus has
    share: float = 0.0  # their share of the question, by rarity and strength, less where the corpus has a word that resembles them; 0..1
    medical: float = 0.0  # the same for medical concepts only, resemblance apart
    anchored: bool = False  # whether the question names a source, or something medical that the corpus knows
    weight: float = 0.0  # how much is asked at all: the concepts' weights summed
    missed: float = 0.0  # weight of the heaviest concept that the best of the first hits still lacks
    particulars: int = 0  # particulars asked for: "how old", "where", "why"
    unsaid: tuple[str, ...] = ()  # those of them that the first hits or the documents meant do not show, as the question puts them
    unshown: float = 0.0  # share of them that none of the first three hits shows; 0..1
    unshown_named: bool = False  # whether a document that the question names shows one of them nowhere
    unshown_pointed: bool = False  # the same for the documents of the last answer that it points back to


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judged questions say that resemble a question most, each weighing by how much it does."""

    unanswered: float  # share of them that nothing in the corpus answers, 0..1
    alike: float  # how much the one that resembles it most does, 0..1


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The hits for a query, best first, and what of it no passage has."""

    hits: tuple[Hit, ...]
    gaps: Gaps
    similarity: float  # best cosine of any passage to the question as it stands alone
    shortfall: float | None  # by how much the passage that meets the question best, token by token, falls short; None without token vectors
    judged: Judgement | None = (
        None  # None where no question was judged, it names nothing of the corpus, or a first hit was unknown to those who judged
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement of a draft and the passages it names."""

    text: str
    passages: tuple[str, ...]
    lead: str = ""  # lead-in shown once for the claims of one list
    against: str = ""  # what the question takes for granted and this contradicts, in the question's words


@dataclass(frozen=True, slots=True)
class Side:
    """What one source holds where the sources differ, and what shows it."""

    holds: str  # BENEFIT, NO_DIFFERENCE, …
    passage: str  # id
    time: str = ""  # over which, in the passage's words
    whom: str = ""  # id of the passage that says in whom


class Missing(NamedTuple):
    """What an abstention can say is missing."""

    unknown: tuple[str, ...] = ()  # words of the question that nothing in the corpus is about
    unsaid: tuple[str, ...] = ()  # what is asked for and the passages that come nearest do not tell, in the question's words


NOT_MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a composer wrote, unchecked. No claims means that it abstains."""

    claims: tuple[Claim, ...]
    mode: str  # "extractive" or "llm"
    missing: Missing = NOT_MISSING  # what the corpus does not cover, when it abstains
    note: str = ""  # why it is not written as the settings ask
    sides: tuple[Side, ...] = ()  # where the sources differ on what was asked
    table: bool = False  # studies stand side by side: what each found, beside whom it studied


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim that the verifier let through."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    lead: str = ""
    against: str = ""  # what the question takes for granted and this contradicts


@dataclass(frozen=True, slots=True)
class CitedSide:
    """What one source holds where the sources differ, by the numbers of its citations."""

    holds: str
    citation: int
    time: str = ""
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A claim that was written and is not shown."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class CitedReference:
    """One link of the evidence chain: an in-text number of the article and what stands behind it."""

    number: str
    status: str
    document_id: str | None
    marker: int | None  # the citation that shows the reference's own passage, where one carries the claim


@dataclass(frozen=True, slots=True)
class Citation:
    """A pointer to exact words of a source: `passage == source.text[start:end]`."""

    marker: int
    source: str  # document id
    passage_id: str
    title: str
    label: str  # short name: "Pickering 2020", or the article's title
    section: str
    passage: str
    start: int
    end: int
    sha256: str
    kind: str
    year: int | None
    url: str | None
    confidence: str
    flags: tuple[str, ...]
    cites: tuple[CitedReference, ...]
    retraction_check: str = ""  # "retraction check: 2026-11-22", "… not run"; empty for the article
    page: int | None = None  # of the file, where it has pages


@dataclass(frozen=True, slots=True)
class Review:
    """The article's review state as its page tells it."""

    status: str
    last_updated: str
    notice: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an answer was made from and by. Empty fields: not used, or not kept by the version that stored it."""

    version: str = ""  # of this program
    article: str = ""  # slug of the article asked about
    generation: str = ""  # of the index
    corpus: str = ""  # sha256 over the id and sha256 of every document
    embedder: str = ""  # its fingerprint
    model: str = ""  # the language model, where one wrote the answer
    prompts: tuple[tuple[str, str], ...] = ()  # name and digest of the templates the model was given
    retrieved: tuple[str, ...] = ()  # ids of the passages found, best first


@dataclass(frozen=True, slots=True)
class Answer:
    """The only value a surface may render. The disclaimer is the article's own, byte for byte."""

    question: str
    standalone: str
    answer: str  # Markdown with [n] markers, without the disclaimer
    outcome: Outcome
    claims: tuple[CheckedClaim, ...]
    withheld: tuple[Withheld, ...]
    citations: tuple[Citation, ...]
    related: tuple[Citation, ...]  # nearest passages of an abstention, labelled as related reading
    disclaimer: str
    review: Review
    role: Role
    mode: str
    note: str  # why an answer is not what the settings ask for ("the language model did not answer …"); mostly ""
    suggestions: tuple[str, ...]
    milliseconds: tuple[tuple[str, float], ...]
    provenance: Provenance = Provenance()
    sides: tuple[CitedSide, ...] = ()  # where the sources differ on what was asked

    def __post_init__(self) -> None:
        """Refuse to exist without a disclaimer: no surface can then show an answer without one."""
        if not self.disclaimer.strip():
            message = "an answer without a disclaimer"
            raise ValueError(message)

    @property
    def abstained(self) -> bool:
        """Whether the corpus does not answer the question; of a personal decision, too, the sources may say nothing."""
        return self.outcome is Outcome.ABSTAINED or (self.outcome is Outcome.PERSONAL and not self.claims)

    @property
    def urgent(self) -> bool:
        """Whether the message describes an emergency."""
        return self.outcome is Outcome.URGENT
