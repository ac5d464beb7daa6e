"""Findings of all references that a claim cites → one verdict with one reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sequitur.analysis import stem
from sequitur.audit.case import ABSENT, CONFLICTS, STANDS, Case, Finding, Judged, short
from sequitur.audit.desk import Desk, Source, statement
from sequitur.audit.judge import judge
from sequitur.audit.model import AuditVerdict, Chain, Evidence, Link, Remark, Standing
from sequitur.figures import Figure, same_figure
from sequitur.index import unmarked
from sequitur.schema import UNCHECKED, Document, LedgerEntry, Passage, short_name

_RELAYED = re.compile(r"\brelay\w*|\bquot\w+ (?:by|in|from)|\bas (?:given|stated|cited|reported) (?:in|by) the", re.IGNORECASE)
_TOGETHER = 0.45  # share of a claim's words that one passage has when it says the claim
_AS_ONE = 0.6  # cosine from which it does in other words
_NOTHING = "no cited passage"
_CLOSE = 0.5  # cosine from which a reference speaks of what is claimed, whatever its words
_REPEATS = 0.55  # cosine from which a relayed line has the claim
_MEANT = 0.65  # cosine from which a passage says it, in whatever words
_WHOLE = 0.55  # share of a claim's words from which nothing of weight is missing
_PART = 0.4  # share from which a part of the claim is there
_LITTLE = 0.3  # share below which it is not there, however near in sense
_SHOWN = 2  # passages shown of one reference
_ELSEWHERE = 3


@dataclass(frozen=True, slots=True)
class _Joined:
    """A facet over all references."""

    stands: bool
    conflicts: tuple[Finding, ...]
    absent: tuple[Finding, ...]


def chain(desk: Desk, claim: Passage) -> Chain:
    """One claim of the article with its numbers, the references behind them, and what they say of it."""
    ledger = {entry.number: entry for entry in desk.entry.ledger}
    links = tuple(_link(number, ledger.get(number)) for number in claim.citations)
    behind = dict.fromkeys(identity for link in links for identity in link.document_ids if identity in desk.documents)
    cautions = {
        identity: _caution(desk.documents[identity], [link for link in links if identity in link.document_ids]) for identity in behind
    }
    case = Case(desk, claim)
    judged = [judge(case, desk.documents[identity]) for identity in behind]
    verdict, reason = _verdict(desk, claim, links, judged, cautions)
    return Chain(
        claim=claim,
        text=case.own.text,
        lead=claim.lead.of(desk.article.text) if claim.lead else "",
        links=links,
        evidence=_evidence(judged, cautions, verdict),
        verdict=verdict,
        reason=reason if verdict is AuditVerdict.SUPPORTED else f"{reason}{_from_elsewhere(desk, case, tuple(behind))}",
        elsewhere=_elsewhere(desk, claim, case, tuple(behind)),
        remarks=_remarks(desk, claim, case, tuple(behind)),
    )


def _link(number: str, entry: LedgerEntry | None) -> Link:
    if entry is None:
        return Link(number, "unresolved", (), "the number is not in the ledger")
    return Link(number, entry.status, entry.document_ids, entry.reason)


def _caution(document: Document, links: Sequence[Link]) -> str:
    """What is to be known before trusting a document as what the claim cites."""
    parts = []
    if all(link.status == "candidate" for link in links):
        parts.append(f"only a candidate for [{links[0].number}]")
    elif all(link.status in {"candidate", "self-citation"} for link in links) and document.cited_as not in {link.number for link in links}:
        parts.append(f"only a candidate behind [{links[0].number}]")
    if document.confidence in {"medium", "low"}:
        parts.append(f"a note of {document.confidence} confidence only")
    return ", ".join(parts)


def _verdict(
    desk: Desk, claim: Passage, links: Sequence[Link], judged: Sequence[Judged], cautions: Mapping[str, str]
) -> tuple[AuditVerdict, str]:
    if not judged:
        numbers = ", ".join(f"[{link.number}]" for link in links)
        listed = any(link.status == "listed" for link in links)
        why = "the reference is listed, but there is no file for it" if listed else "no reference in the corpus could be identified with it"
        return AuditVerdict.MISSING, _sentence(f"{numbers}: {why}, so the claim cannot be checked")
    speaking = sorted((row for row in judged if row.speaks), key=lambda row: -(row.share + row.aligned[0].score))
    if speaking:
        verdict, reasons = _spoken(desk, claim, speaking, cautions)
    else:
        verdict, reasons = AuditVerdict.UNSUPPORTED, [f"nothing in {_names([row.document for row in judged])} says this"]
    reason = "; ".join(_once(reasons))
    named = [row for row in judged if short_name(row.document) in reason]
    trusted = _with_cautions(named, cautions) if speaking else ""
    return verdict, _sentence(
        reason + trusted + (_circular(desk, claim, judged) if verdict is AuditVerdict.UNSUPPORTED or _NOTHING in reason else "")
    )


def _spoken(desk: Desk, claim: Passage, speaking: Sequence[Judged], cautions: Mapping[str, str]) -> tuple[AuditVerdict, list[str]]:
    """Verdict and reasons where references speak of the claim, the one that says most of it first."""
    facets = _facets(speaking)
    pure = [facet.conflicts[0].reason for facet in facets.values() if facet.conflicts and not facet.stands]
    if pure:
        return AuditVerdict.CONTRADICTED, pure[:2]
    open_ = {name: facet for name, facet in facets.items() if facet.absent and not (facet.stands or facet.conflicts)}
    gaps = _gaps(facets, open_, speaking[0])
    documents = [row.document for row in speaking]
    names = [name.partition(" ")[2] for name in open_ if name.startswith("name ")]
    lost = [word for word in _missing(facets) if word not in " ".join([*gaps, *names])]
    things = [word for word in lost if desk.thing(word)]
    missing = [word for word in lost if word in things or not desk.everyday(word)]
    share = _union_share(desk, claim, speaking)
    firm = any(row.has_figures for row in speaking)
    cosine = max(row.aligned[0].cosine for row in speaking)
    if not firm and (share < _LITTLE or (share < _PART and cosine < _CLOSE)):
        return AuditVerdict.UNSUPPORTED, [*_nothing_of(documents, names, missing), *gaps[:1]] or [
            f"nothing in {_names(documents)} says this"
        ]
    vague = share < _WHOLE and not firm and cosine < _MEANT
    gaps += _nothing_of(documents, names, missing if vague and not things else things if not firm and cosine < _MEANT else [])
    if not gaps and not firm and all(_scattered(row) for row in speaking):
        gaps = [f"{_say(documents)} parts of this, but no passage says it as a whole (nearest: “{short(speaking[0].aligned[0].source)}”)"]
    if gaps:
        return AuditVerdict.PARTLY, gaps[:3]
    best = speaking[0]
    unchecked = ", in a line that was not page-checked" if UNCHECKED in best.aligned[0].source.passage.flags else ""
    only = all("only a candidate" in cautions[document.id] for document in documents)
    said = f"{short_name(best.document)} says this{unchecked}{_design(best.document)}"
    return AuditVerdict.PARTLY if only else AuditVerdict.SUPPORTED, [said]


def _gaps(facets: Mapping[str, _Joined], open_: Mapping[str, _Joined], nearest: Judged) -> list[str]:
    """What no reference says of a claim's figures, grade and patients, and where the references disagree; words are told apart.

    A reference on fewer patients takes nothing away from a wider one that says more of the claim.
    """
    own = {finding.facet for finding in nearest.findings if finding.state == ABSENT}
    gaps = [
        facet.absent[0].reason
        for name, facet in open_.items()
        if not name.startswith(("word ", "name ")) and (name in own or not name.startswith("population "))
    ]
    return gaps + [f"the references disagree: {facet.conflicts[0].reason}" for facet in facets.values() if facet.conflicts][:1]


def _nothing_of(documents: Sequence[Document], names: Sequence[str], words: Sequence[str]) -> list[str]:
    """The one reason that names what none of the references mentions; none where nothing is missing."""
    missing = [*names, *words][:4]
    return [f"{_say(documents)} nothing of {_or(missing)}"] if missing else []


def _scattered(row: Judged) -> bool:
    """Whether a claim's words stand in a reference, but nowhere together."""
    return all(aligned.share < _TOGETHER and aligned.cosine < _AS_ONE for aligned in row.aligned[:3])


def _from_elsewhere(desk: Desk, case: Case, cited: Sequence[str]) -> str:
    """A sentence that names the reference that has a claim's results where those it cites have none of them."""
    wanted = [figure for figure in case.own.figures if figure.kind in {"percent", "ratio", "bound"}]
    lost = [figure for figure in wanted if not any(_has_figure(desk, identity, figure) for identity in cited)]
    source = next(
        (document for identity, document in desk.documents.items() if identity not in cited and _all_figures(desk, identity, lost)), None
    )
    if source is None:
        return ""
    shown = ", ".join(dict.fromkeys(figure.text for figure in lost))
    return f" The figures {shown} stand in {short_name(source)}, which the article does not cite here."


def _has_figure(desk: Desk, identity: str, figure: Figure) -> bool:
    return any(same_figure(figure, there) for source in desk.sources[identity] for there in source.statement.figures)


def _missing(facets: Mapping[str, _Joined]) -> list[str]:
    """Words for things that stand in none of the references; verbs are told by other checks."""
    words = [name.removeprefix("word ") for name, facet in facets.items() if name.startswith("word ") and not facet.stands]
    return [word for word in words if not word.endswith(("ly", "ed"))]


def _once(reasons: Sequence[str]) -> list[str]:
    """Reasons without those that are told twice; a passage is quoted once."""
    told: list[str] = []
    for reason in dict.fromkeys(reasons):
        quote = re.search(r" \(“.*”\)", reason)
        told.append(reason.replace(quote.group(), "") if quote and any(quote.group() in earlier for earlier in told) else reason)
    return told


def _circular(desk: Desk, claim: Passage, judged: Sequence[Judged]) -> str:
    """Whether the only line that has the claim repeats the article itself."""
    for row in judged:
        said = statement(unmarked(claim)).words
        remarks = [remark for remark in desk.remarks[row.document.id] if _RELAYED.search(remark.text)]
        repeating = zip(remarks, desk.cosine(claim, remarks), strict=True)
        if any(cosine >= _REPEATS and desk.share(said, statement(remark.text).words) >= _WHOLE for remark, cosine in repeating):
            return f"; a line of {short_name(row.document)} that has it only relays the article, so it proves nothing"
    return ""


def _design(document: Document) -> str:
    """What a physician weighs beside a claim that is carried: a design without a control."""
    return (
        ", in an uncontrolled case series"
        if document.kind == "case-series"
        else ", in a narrative review"
        if document.kind == "review"
        else ""
    )


def _union_share(desk: Desk, claim: Passage, speaking: Sequence[Judged]) -> float:
    """How much of the claim's words, by rarity, the references that speak of it have together."""
    words = [word for row in speaking for source in desk.sources[row.document.id] for word in source.statement.words]
    frames = [word for row in speaking for word in statement(desk.frame(row.document)).words]
    own = statement(unmarked(claim)).words
    return desk.share(own, words, frames)


def _facets(judged: Sequence[Judged]) -> dict[str, _Joined]:
    facets: dict[str, list[Finding]] = {}
    for row in judged:
        for finding in row.findings:
            facets.setdefault(finding.facet, []).append(finding)
    return {
        name: _Joined(
            any(finding.state == STANDS for finding in found),
            tuple(finding for finding in found if finding.state == CONFLICTS),
            tuple(sorted((finding for finding in found if finding.state == ABSENT), key=lambda finding: finding.source is None)),
        )
        for name, found in facets.items()
    }


def _evidence(judged: Sequence[Judged], cautions: Mapping[str, str], verdict: AuditVerdict) -> tuple[Evidence, ...]:
    """The passages that decided, the contradicting first; then what is nearest."""
    found: dict[str, Evidence] = {}
    speaking = sorted((row for row in judged if row.speaks), key=lambda row: -(row.share + row.aligned[0].score))
    standing = {finding.facet for row in speaking for finding in row.findings if finding.state == STANDS}
    for row in speaking:
        for finding in row.findings:
            if finding.state == CONFLICTS and finding.source and finding.facet not in standing:
                found.setdefault(finding.source.passage.id, _shown(finding.source, Standing.CONTRADICTS, cautions))
    carries = Standing.CARRIES if verdict in {AuditVerdict.SUPPORTED, AuditVerdict.PARTLY} else Standing.RELATED
    for row in speaking:
        holding = [finding.source for finding in row.findings if finding.state == STANDS and finding.source]
        for source in [*holding, row.aligned[0].source][: _SHOWN + 1]:
            found.setdefault(source.passage.id, _shown(source, carries if holding or row is speaking[0] else Standing.RELATED, cautions))
    return tuple(found.values())


def _shown(source: Source, standing: Standing, cautions: Mapping[str, str]) -> Evidence:
    caution = ", ".join(filter(None, (*source.passage.flags, cautions.get(source.document.id, ""))))
    return Evidence(
        source.document.id, source.passage.id, short_name(source.document), source.passage.section, source.statement.text, standing, caution
    )


def _elsewhere(desk: Desk, claim: Passage, case: Case, cited: Sequence[str]) -> tuple[Evidence, ...]:
    """Passages of references that the claim does not cite: those that have its figures, and those that say otherwise on its very words."""
    found: list[tuple[float, Evidence]] = []
    wanted = [figure for figure in case.own.figures if figure.kind in {"percent", "ratio", "bound", "dose"}]
    for identity, document in desk.documents.items():
        if identity in cited:
            continue
        caution = {identity: f"a note of {document.confidence} confidence" if document.confidence in {"medium", "low"} else ""}
        if max(
            desk.cosine(claim, [source.passage for source in desk.sources[identity]]), default=0.0
        ) < _ELSEWHERE_COSINE and not _all_figures(desk, identity, wanted):
            continue
        row = judge(case, document)
        for aligned in row.aligned[:2]:
            same = sum(any(same_figure(figure, there) for there in aligned.source.statement.figures) for figure in wanted)
            if (len(wanted) > 1 and same == len(wanted)) or (aligned.share >= _ELSEWHERE_SHARE and aligned.score >= _ELSEWHERE_SCORE):
                conflicts = any(finding.state == CONFLICTS and finding.source == aligned.source for finding in row.findings)
                found.append(
                    (aligned.score + same, _shown(aligned.source, Standing.CONTRADICTS if conflicts else Standing.RELATED, caution))
                )
    return tuple(evidence for _, evidence in sorted(found, key=lambda pair: -pair[0])[:_ELSEWHERE])


def _all_figures(desk: Desk, identity: str, wanted: Sequence[Figure]) -> bool:
    """Whether one passage of a document has all of the figures, at least two."""
    return len(wanted) > 1 and any(
        all(any(same_figure(figure, there) for there in source.statement.figures) for figure in wanted) for source in desk.sources[identity]
    )


_ELSEWHERE_COSINE = 0.62
_ELSEWHERE_SHARE = 0.75
_ELSEWHERE_SCORE = 0.7


def _remarks(desk: Desk, claim: Passage, case: Case, cited: Sequence[str]) -> tuple[Remark, ...]:
    """Editors' remarks on what the claim says, from any note: shown apart."""
    found = []
    for identity, remarks in desk.remarks.items():
        scored = zip(remarks, desk.cosine(claim, remarks), strict=True) if remarks else []
        for remark, cosine in scored:
            share = desk.share(case.own.words, statement(remark.text).words)
            if 0.5 * share + 0.5 * cosine >= (_REMARK if identity in cited else _REMARK + 0.1):
                found.append((share + cosine, Remark(identity, short_name(desk.documents[identity]), remark.text)))
    return tuple(remark for _, remark in sorted(found, key=lambda pair: -pair[0])[:_SHOWN])


_REMARK = 0.42


def _with_cautions(judged: Sequence[Judged], cautions: Mapping[str, str]) -> str:
    said = {short_name(row.document): cautions[row.document.id] for row in judged if cautions[row.document.id]}
    return f" ({'; '.join(f'{name} is {caution}' for name, caution in said.items())})" if said else ""


def _say(documents: Sequence[Document]) -> str:
    names = list(dict.fromkeys(short_name(document) for document in documents))
    return f"{names[0]} says" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} say"


def _names(documents: Sequence[Document]) -> str:
    return _or([short_name(document) for document in documents])


def _or(parts: Sequence[str]) -> str:
    shown = list({stem(part): part for part in reversed(parts)}.values())[::-1]
    return " or ".join(([", ".join(shown[:-1])] if len(shown) > 1 else []) + shown[-1:])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
