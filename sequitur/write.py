"""Verified claims → the Markdown of an answer. The only words written here are labels, notes and the sentence of an abstention."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.safety import PERSONAL_NOTE
from sequitur.schema import Article, CheckedClaim, Citation, Outcome, Role

_DESIGNS = {
    "rct": "randomised trial",
    "cohort": "cohort",
    "case-series": "case series",
    "meta-analysis": "meta-analysis",
    "systematic-review": "systematic review",
    "guideline": "guideline",
    "review": "review",
}
# A sentence such as "Few side effects" means little without the route that was studied. "Adjuvant to oral …" is another drug's route.
_ROUTES = re.compile(
    r"(?<!to )\b(?:topical|intravenous|subcutaneous|oral|intranasal|epidural|intrathecal|transdermal|inhaled|intramuscular)\b",
    re.IGNORECASE,
)
_CAUTIONS = {
    "not page-checked": "from memory, not page-checked",
    "editor's remark": "an editor's remark on the article",
    "retracted": "this publication was retracted",
    "expression of concern": "its journal has expressed concern about this publication",
}
_PATIENT_CLOSE = "What this means for you is a question for your own clinician, who knows your history and your other medicines."


def markdown(
    outcome: Outcome, claims: Sequence[CheckedClaim], citations: Sequence[Citation], missing: Sequence[str], article: Article, role: Role
) -> str:
    """The answer's text with [n] markers, without the disclaimer."""
    if outcome is Outcome.ABSTAINED:
        return abstention(missing, article)
    parts = [PERSONAL_NOTE] if outcome is Outcome.PERSONAL else []
    if claims:
        if outcome is Outcome.PERSONAL:
            parts.append("What the sources report, in studies and guidelines and not for one person:")
        parts.append(_claims(claims, citations))
    if role is Role.PATIENT:
        parts.append(_PATIENT_CLOSE)
    return "\n\n".join(parts)


def abstention(missing: Sequence[str], article: Article) -> str:
    """One sentence that says it is not answered and what is missing, and one that names what the corpus does cover."""
    named = [word for word in missing if re.fullmatch(r"[a-zà-ÿ][a-zà-ÿ '-]{1,40}", word)][:3]
    absent = f": nothing in them is about {_listed([f'“{word}”' for word in named])}" if named else ""
    covered = [section.heading for section in article.sections if section.heading and section.heading.lower() != "conclusion"]
    covers = f" They do cover: {'; '.join(_plain(heading) for heading in covered)}." if covered else ""
    return f"The article and its references do not answer this{absent}.{covers}"


def _listed(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _claims(claims: Sequence[CheckedClaim], citations: Sequence[Citation]) -> str:
    """One bullet a source; list items under their lead-in share its words."""
    by_marker = {citation.marker: citation for citation in citations}
    lines: list[str] = []
    source, lead = "", ""
    for claim in claims:
        citation = by_marker[claim.citations[0]]
        said = f"{_sentence(claim.text)} {_markers(claim)}{_caution(citation)}"
        if citation.source == source and claim.lead == lead and lines:
            lines[-1] += f" {said}"
        elif citation.source == source and lines:
            lines[-1] += f" {claim.lead} {said}" if claim.lead else f" {said}"
        else:
            label = "" if citation.kind == "article" else f"**{_label(citation)}**: "
            lines.append(f"{label}{f'{claim.lead} ' if claim.lead else ''}{said}")
        source, lead = citation.source, claim.lead
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def _label(citation: Citation) -> str:
    """A source's name without its year, so that every number of an answer is a number of its passages."""
    name = re.sub(r"\s*\b(?:19|20)\d{2}\b", "", citation.label).strip()
    route = _ROUTES.search(citation.title)
    return f"{name} et al. ({_DESIGNS.get(citation.kind, citation.kind)}{f', {route[0].lower()}' if route else ''})"


def _caution(citation: Citation) -> str:
    notes = [note for flag, note in _CAUTIONS.items() if flag in citation.flags]
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
