"""Studies side by side: what each found, beside whom it studied."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.analysis import stems
from sequitur.audit.desk import statement
from sequitur.audit.people import exclusive, populations
from sequitur.compose.say import sayable, says_same, shown
from sequitur.figures import figures
from sequitur.index import Index, unmarked
from sequitur.schema import REMARK, WHOM, Document, Focus, Hit, Passage, Query
from sequitur.stance import EFFECT, HARM, stances
from sequitur.text import fold, tokens, words

_BUDGET = 110  # words of the findings
_NEARLY = 0.7  # share of the best coverage from which a finding stands beside it
_WHOM_WORDS = 18  # words up to which a population is told in a table
# "Compare …", "ketamine versus placebo by trial", "which trials …": studies are to stand side by side.
_COMPARES_STUDIES = re.compile(
    r"\b(?:by|per|for each|of each|in each) (?:trial|study|review|guideline)\b|\b(?:which|list|show|name|compare|summari[sz]e|what (?:do|did)) (?:all |me )?(?:the |of the )?(?:[\w-]+ )?(?:trials|studies|rcts|reviews|meta-analyses|guidelines)\b"
    r"|^compare\b|^comparison of\b|^[\w -]{3,40} (?:versus|vs\.?) [\w -]{3,60}\??$|\bside by side\b|\b(?:as|in) a table\b",
    re.IGNORECASE,
)
_FINDING = re.compile(r"finding|result|outcome|efficacy|recommendation|safety", re.IGNORECASE)
_HOPES = re.compile(r"\b(?:may|might|could)\b")
_MOST_FINDINGS = 2  # of one study in a table
# Medical words of a question that say what is reported, not of what.
_REPORTED = re.compile(
    r"(?:no|not|any|than|more|less|side|adverse|events?|harms?|risks?|safety|toxicity|benefits?|efficacy|effects?|trials?|stud(?:y|ies)|reviews?|evidence|placebo|vehicle|better|worse|relief|pain|treatments?|drugs?)"
)
_KINDS = (
    (re.compile(r"\bguidelines?\b", re.IGNORECASE), ("guideline",)),
    (re.compile(r"\bmeta-?analys[ie]s\b|\breviews?\b", re.IGNORECASE), ("meta-analysis", "review")),
    (re.compile(r"\brcts?\b|\brandomi[sz]ed\b", re.IGNORECASE), ("rct",)),
    (re.compile(r"\b(?:which|list|what) (?:[\w-]+ )?trials\b", re.IGNORECASE), ("rct", "trial", "cohort", "case-series")),
)
_FOUND = re.compile(r"\b(?:found|find|showed?|shown|report\w*|support\w*|favou?r\w*)\b", re.IGNORECASE)
_PAIR = re.compile(r"\b(?:versus|vs\.?|compared? (?:to|with))\b|^compare\b.+\b(?:and|with|to)\b", re.IGNORECASE)
_BARE = frozenset(
    stems(
        "versus vs compare compared comparison trial trials study studies review reviews side effect effects harm harms benefit efficacy pain by each table guideline evidence"
    )
)
_CONTROLS = frozenset(stems("placebo vehicle saline sham"))


def rows(query: Query, hits: Sequence[Hit], index: Index) -> tuple[Passage, ...]:
    """What studies found on the matter, one or two findings each, where they are asked to be compared and two at least report one."""
    if query.named or not _COMPARES_STUDIES.search(query.standalone):
        return ()
    found = [
        hit
        for hit in hits
        if _on_the_matter(hit.passage, query, index)
        and index.documents[hit.passage.document_id].kind != "article"
        and _FINDING.search(hit.passage.section)
        and REMARK not in hit.passage.flags
        and sayable(hit.passage, query.wants, index)
    ]
    named = [hit for hit in found if _of_kind(index.documents[hit.passage.document_id], query.standalone)]
    return _several(named, index) or _several(found, index)


def _several(found: Sequence[Hit], index: Index) -> tuple[Passage, ...]:
    """The findings that cover nearly as much as the best, each fact once, of two studies at least; otherwise none."""
    best = max((hit.coverage for hit in found), default=0.0)
    chosen: list[Passage] = []
    spent = 0
    for hit in found:
        size = words(shown(hit.passage, index))
        told = sum(passage.document_id == hit.passage.document_id for passage in chosen)
        if (
            hit.coverage < _NEARLY * best
            or told >= _MOST_FINDINGS
            or spent + size > _BUDGET
            or any(says_same(hit.passage, row) for row in chosen)
        ):
            continue
        chosen.append(hit.passage)
        spent += size
    return tuple(chosen) if len({passage.document_id for passage in chosen}) > 1 else ()


def _on_the_matter(passage: Passage, query: Query, index: Index) -> bool:
    """Whether a passage reports what is asked, in the people and on all else of medicine that the question names."""
    document = index.documents[passage.document_id]
    if not _reports(passage, document, query):
        return False
    whom = populations(f"{document.population} {document.title} {unmarked(passage)}")
    if any(axis in whom and exclusive(values, whom[axis]) for axis, values in populations(query.standalone).items()):
        return False
    row = index.row(passage.id)
    there = index.stems[row] | index.stems[index.titles[row]] | frozenset(stems(document.population))
    if _PAIR.search(query.standalone) and not (
        figures(passage.text) and _pair(query.standalone) <= there | (index.group_stems[index.groups[row]] & _CONTROLS)
    ):
        return False
    drugs = statement(query.standalone).drugs
    named = (focus for focus in query.focus if focus.medical and not drugs & set(tokens(focus.wordings[0][0])))
    return all(_has(there, focus) for focus in named if not _only_reported(focus.wordings[0][0]))


def _only_reported(wording: str) -> bool:
    """Whether words of a question say what is reported, and not of what: "no better than placebo"."""
    return all(_REPORTED.fullmatch(token) for token in tokens(wording))


def _of_kind(document: Document, question: str) -> bool:
    """Whether a document is one of the trials, reviews or guidelines that a question asks for by that name."""
    wanted = next((kinds for word, kinds in _KINDS if word.search(question)), ())
    return not wanted or any(kind in document.kind for kind in wanted)


def _reports(passage: Passage, document: Document, query: Query) -> bool:
    """Whether a passage reports an effect (where harm is asked, a harm) of a drug that is asked about; asked who found a benefit, one that did."""
    axis = HARM if "harm" in query.wants else EFFECT
    asked = {
        stance.value for stance in stances(fold(query.standalone).rstrip("?")) if stance.axis == EFFECT and _FOUND.search(query.standalone)
    }
    spoken = [stance for stance in stances(unmarked(passage)) if stance.axis == axis and not _HOPES.search(stance.clause.text)]
    if asked and axis == EFFECT:
        spoken = [stance for stance in spoken if stance.value in asked]
    drugs = statement(query.standalone).drugs - {"placebo"}
    of = {name for stance in spoken for name in (stance.drugs - {"placebo"} or statement(f"{unmarked(passage)} {document.title}").drugs)}
    return bool(spoken) and (not drugs or bool(drugs & of))


def _pair(question: str) -> frozenset[str]:
    """What a question sets against each other, as stems: a study that has not both compares something else."""
    return frozenset(found for found in stems(question) if not _REPORTED.fullmatch(found)) - _BARE


def _has(there: frozenset[str], focus: Focus) -> bool:
    """Whether stems have a concept, in a wording that may stand for it."""
    return any(set(stems(wording)) <= there for wording, weight in focus.wordings if weight > 0.5)


def whom_of(found: Sequence[Passage], index: Index) -> list[Passage]:
    """Whom each study is about, where that is said in few words."""
    whom = {passage.document_id: passage for passage in index.passages if passage.section == WHOM and words(passage.text) <= _WHOM_WORDS}
    return [whom[study] for study in dict.fromkeys(passage.document_id for passage in found) if study in whom]
