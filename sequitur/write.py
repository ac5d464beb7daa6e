"""Verified claims → the Markdown of an answer. The only words written here are labels, notes, glosses and the sentence of an abstention.

Roles change what stands around the claims, never the claims: a trainee is told what hard words mean in general, a patient the same in plain words,
what to ask the doctor, and that no amount in a study is meant for them. Nothing written here holds a figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sequitur.glossary import hard_words
from sequitur.routes import routes
from sequitur.safety import PERSONAL_NOTE
from sequitur.schema import (
    BENEFIT,
    DOUBTED,
    NO_DIFFERENCE,
    NOT_CLEAR,
    REMARK,
    UNCHECKED,
    WHOM,
    Article,
    CheckedClaim,
    Citation,
    CitedSide,
    Missing,
    Outcome,
    Role,
)

_DESIGNS = {
    "rct": "randomised trial",
    "cohort": "cohort",
    "case-series": "case series",
    "meta-analysis": "meta-analysis",
    "systematic-review": "systematic review",
    "guideline": "guideline",
    "review": "review",
}
_NO_THING = re.compile(r"\w{4}(?:ed|ly|est)$")  # "preferred", "wrongly": nothing could be about them
_CAUTIONS = {
    UNCHECKED: "from memory, not page-checked",
    REMARK: "an editor's remark on the article",
    "retracted": "this publication was retracted",
    "expression of concern": "its journal has expressed concern about this publication",
}
PATIENT_CLOSE = "What this means for you is a question for your own clinician. They know your history and your other medicines."
PATIENT_PERSONAL = (
    "**A dose or a choice of treatment for one person can't come from here.** It depends on your whole history and your other drugs. "
    "Ask the doctor who treats you. Do not start, stop or change a medicine because of this page."
)
PATIENT_AMOUNTS = "Amounts of a drug above come from studies and guidelines. They are not for you to use."
PERSONAL_LEAD = "What the sources report, in studies and guidelines and not for one person:"
GLOSSARY = {
    Role.TRAINEE: "**Glossary** (what the words mean in general; not from the sources):",
    Role.PATIENT: "**In plain words** (what the words mean; not from the sources):",
}
OTHERWISE = "**The sources say otherwise:**"  # before what contradicts the question
DIFFER = "**The sources differ:**"  # before what each side holds
QUESTIONS = "**Questions to ask your doctor:**"
_MOST_GLOSSES = 2
_MOST_QUESTIONS = 2
# What an answer is about → what its reader could ask. The last one always fits.
PATIENT_QUESTIONS = (
    (r"side effect|adverse|risk|harm|safety|discomfort|nausea|dizz|hallucinat|psychedelic|liver", "Which side effects should I look out for? Whom do I call if one comes?"),
    (r"relief|benefit|effective|efficacy|pain (?:score|reduction)|improve", "How likely is this to help someone like me, and for how long?"),
    (r"first-line|before|failed|refractory|last resort|alternative|duloxetine|gabapentin|pregabalin", "What else is there to try, and in which order?"),
    (r"infusion|intravenous|dose|mg|given|administ|monitor", "Who would watch over the treatment, and where?"),
    (r"", "Does any of this apply to me, with my history?"),
)  # fmt: skip
_AMOUNT = re.compile(r"\d\s?(?:mg|g|[µμ]g|mcg|mL)\b")


class Said(NamedTuple):
    """What an answer says: its claims, what they cite, and where the sources differ."""

    claims: Sequence[CheckedClaim]
    citations: Sequence[Citation]
    sides: Sequence[CitedSide] = ()
    table: bool = False  # the studies' claims stand side by side


def markdown(outcome: Outcome, facts: Said, missing: Missing, article: Article, role: Role) -> str:
    """The answer's text with [n] markers, without the disclaimer."""
    if outcome is Outcome.ABSTAINED:
        return "\n\n".join([abstention(missing, article), *([PATIENT_CLOSE] if role is Role.PATIENT else [])])
    parts: list[str] = []
    if outcome is Outcome.PERSONAL:
        parts.append(PATIENT_PERSONAL if role is Role.PATIENT else PERSONAL_NOTE)
    said = _said(facts) if facts.claims else ""
    if facts.sides:
        said = f"{_differing(facts.sides, facts.citations)}\n\n{said}"
    if said:
        parts += [PERSONAL_LEAD, said] if outcome is Outcome.PERSONAL else [said]
    elif outcome is Outcome.PERSONAL:
        parts.append(abstention(missing, article))
    return "\n\n".join([*parts, *_beside(said, role)])


def _beside(said: str, role: Role) -> list[str]:
    """What a role adds below the claims."""
    if role is Role.CLINICIAN:
        return []
    glosses = hard_words(re.sub(r"\\(?=\W)", "", said), _MOST_GLOSSES)
    rows = [f"- *{gloss.term}*: {gloss.patient if role is Role.PATIENT else gloss.trainee}." for gloss in glosses]
    parts = [f"{GLOSSARY[role]}\n\n" + "\n".join(rows)] if rows else []
    if role is Role.PATIENT:
        if _AMOUNT.search(said):
            parts.append(PATIENT_AMOUNTS)
        asked = [question for about, question in PATIENT_QUESTIONS if re.search(about, said, re.IGNORECASE)]
        parts += [f"{QUESTIONS} {' '.join(asked[:_MOST_QUESTIONS])}"] if said else []
        parts.append(PATIENT_CLOSE)
    return parts


def clarification(choices: Sequence[str]) -> str:
    """A short question back, with what may be meant."""
    return "\n".join(["Which of these do you mean?", "", *(f"- {_plain(choice)}" for choice in choices)])


def abstention(missing: Missing, article: Article) -> str:
    """One sentence that says it is not answered and what is missing, and one that names what the corpus does cover."""
    unknown = _quoted([word for word in missing.unknown if not _NO_THING.search(word)])
    unsaid = _quoted(missing.unsaid)
    absent = (
        f": nothing in them is about {unknown}" if unknown else f": what comes nearest in them says nothing of {unsaid}" if unsaid else ""
    )
    covered = [section.heading for section in article.sections if section.heading and section.heading.lower() != "conclusion"]
    covers = f" They do cover: {'; '.join(_plain(heading) for heading in covered)}." if covered else ""
    return f"The article and its references do not answer this{absent}.{covers}"


def _quoted(words: Sequence[str]) -> str:
    """Up to three plain words of a question in quotation marks; empty where there are none."""
    plain = [word for word in words if re.fullmatch(r"[a-zà-ÿ][a-zà-ÿ '-]{1,40}", word)][:3]
    return _listed([f"“{word}”" for word in plain]) if plain else ""


def _listed(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _said(facts: Said) -> str:
    """The claims as a list; of studies to be compared as a table below what the article says."""
    by_marker = {citation.marker: citation for citation in facts.citations}
    rows: dict[str, list[CheckedClaim]] = {}
    apart = []
    for claim in facts.claims:
        citation = by_marker[claim.citations[0]]
        if facts.table and citation.kind != "article" and not claim.against:
            rows.setdefault(citation.source, []).append(claim)
        else:
            apart.append(claim)
    if len(rows) < 2:
        return _claims(facts.claims, facts.citations)
    parts = [_claims(apart, facts.citations)] if apart else []
    return "\n\n".join([*parts, _table(list(rows.values()), by_marker)])


def _table(rows: Sequence[Sequence[CheckedClaim]], by_marker: Mapping[int, Citation]) -> str:
    """A row a study: its name, whom it studied, what it found, each in its own words with its markers."""
    lines = []
    for claims in rows:
        whom = [claim for claim in claims if by_marker[claim.citations[0]].section == WHOM]
        found = [claim for claim in claims if claim not in whom]
        if found:
            cells = (_label(by_marker[claims[0].citations[0]]), _cell(whom, by_marker), _cell(found, by_marker))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(["| Source | In whom | What it found |", "| --- | --- | --- |", *lines])


def _cell(claims: Sequence[CheckedClaim], by_marker: Mapping[int, Citation]) -> str:
    said = []
    lead = ""
    for claim in claims:
        before = f"{_plain(claim.lead)} " if claim.lead and claim.lead != lead else ""
        said.append(f"{before}{_sentence(claim.text)} {_markers(claim)}{_cautions(claim, by_marker)}")
        lead = claim.lead
    return " ".join(said).replace("|", "\\|")


def _claims(claims: Sequence[CheckedClaim], citations: Sequence[Citation]) -> str:
    """One bullet a source; list items under their lead-in share its words."""
    by_marker = {citation.marker: citation for citation in citations}
    corrections = [f"{OTHERWISE} {_line(claim, by_marker)}" for claim in claims if claim.against]
    lines: list[str] = []
    source, lead = "", ""
    for claim in claims:
        if claim.against:
            continue
        citation = by_marker[claim.citations[0]]
        said = f"{_sentence(claim.text)} {_markers(claim)}{_cautions(claim, by_marker)}"
        if citation.source == source and claim.lead == lead and lines:
            lines[-1] += f" {said}"
        elif citation.source == source and lines:
            lines[-1] += f" {claim.lead} {said}" if claim.lead else f" {said}"
        else:
            label = "" if citation.kind == "article" else f"**{_label(citation)}**: "
            lines.append(f"{label}{f'{claim.lead} ' if claim.lead else ''}{said}")
        source, lead = citation.source, claim.lead
    listed = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    return "\n\n".join([*corrections, *([listed] if lines else [])])


def _differing(sides: Sequence[CitedSide], citations: Sequence[Citation]) -> str:
    """One line that says who holds what, each with the population and the time that its source gives."""
    by_marker = {citation.marker: citation for citation in citations}
    groups = [
        f"{holds} {'in' if holds in {BENEFIT, NO_DIFFERENCE, NOT_CLEAR} else 'by'} {_stands(group[0], by_marker)}{''.join(f', also [{side.citation}]' for side in group[1:])}"
        for holds, group in ((holds, list(group)) for holds, group in groupby(sides, key=lambda side: side.holds))
    ]
    return f"{DIFFER} {'; '.join(groups)}."


def _stands(side: CitedSide, by_marker: Mapping[int, Citation]) -> str:
    citation = by_marker[side.citation]
    name = "this article" if citation.kind == "article" else _label(citation).removesuffix(")")
    details = [f"“{_plain(side.time)}”"] if side.time else []
    details += [f"“{_plain(by_marker[side.whom].passage)}” [{side.whom}]"] if side.whom else []
    if citation.kind == "article":
        return f"{name}{f' ({details[0]})' if details else ''} [{side.citation}]"
    return f"{'; '.join([name, *details])}) [{side.citation}]"


def _line(claim: CheckedClaim, by_marker: Mapping[int, Citation]) -> str:
    """A claim that stands alone, with the name of its source."""
    citation = by_marker[claim.citations[0]]
    label = "" if citation.kind == "article" else f"{_label(citation)}: "
    return f"{label}{f'{claim.lead} ' if claim.lead else ''}{_sentence(claim.text)} {_markers(claim)}{_cautions(claim, by_marker)}"


def _label(citation: Citation) -> str:
    """A source's name without its year, so that every number of an answer is a number of its passages."""
    name = re.sub(r"\s*\b(?:19|20)\d{2}\b", "", citation.label).strip()
    route = next(iter(routes(citation.title)), "")  # "few side effects" means little without the route that was studied
    others = "" if citation.label == citation.title else " et al."  # a source without authors is known by its title
    return f"{name}{others} ({_DESIGNS.get(citation.kind, citation.kind)}{f', {route}' if route else ''})"


def _cautions(claim: CheckedClaim, by_marker: Mapping[int, Citation]) -> str:
    """What is to be known before trusting a claim: of its first source all, of the others whether they are still to be trusted."""
    first, *others = (by_marker[marker] for marker in claim.citations)
    notes = [note for flag, note in _CAUTIONS.items() if flag in first.flags]
    notes += [f"[{other.marker}]: {_CAUTIONS[flag]}" for other in others for flag in other.flags if flag in DOUBTED]
    return f" *({'; '.join(notes)})*" if notes else ""


def _sentence(text: str) -> str:
    text = _plain(text.strip().rstrip(";"))
    return text if text.endswith((".", "!", "?", ")", '"', "”")) and not text.endswith(("mg)",)) else f"{text}."


def _plain(text: str) -> str:
    """Markdown that shows the text as it stands: nothing in a source can become a link, an image or markup."""
    flat = re.sub(r"\s+", " ", text)
    flat = re.sub(r"([\\`*_])", r"\\\1", flat)
    flat = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", flat)
    return re.sub(r"\[([^\[\]]*)\]", r"\\[\1\\]", flat)


def _markers(claim: CheckedClaim) -> str:
    return "".join(f"[{marker}]" for marker in claim.citations)
