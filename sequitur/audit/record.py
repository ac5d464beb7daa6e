"""Audits and ledgers as JSON and as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sequitur.audit.model import Audit, AuditVerdict, Chain, Evidence, Omission, Standing


def audit_record(audit: Audit) -> dict[str, Any]:
    """An audit as JSON; fields as the contract names them, and more beside them."""
    return {
        "article": audit.article,
        "title": audit.title,
        "claims": [_claim(chain) for chain in audit.chains],
        "left_out": {
            "newer": [_omission(found) for found in audit.left_out.newer],
            "harms": [_omission(found) for found in audit.left_out.harms],
            "results": [_omission(found) for found in audit.left_out.results],
        },
        "verdicts": {verdict.value: audit.count(verdict) for verdict in AuditVerdict},
    }


def ledger_record(audit: Audit) -> dict[str, Any]:
    """The reference ledger as JSON, with what each reference says of the claims that cite it."""
    references = []
    for entry in audit.ledger:
        chains = [chain for chain in audit.chains if entry.number in {link.number for link in chain.links}]
        references.append(
            {
                "number": entry.number,
                "status": entry.status,
                "document_id": next(iter(entry.document_ids), None),
                "title": entry.title or None,
                "year": entry.year,
                "reason": entry.reason,
                "claims": [chain.text for chain in chains],
                "documents": list(entry.document_ids),
                "chain": [
                    {
                        "claim": chain.text,
                        "section": chain.claim.section,
                        "verdict": chain.verdict.value,
                        "evidence": [_evidence(found) for found in chain.evidence if found.document_id in entry.document_ids],
                    }
                    for chain in chains
                ],
            }
        )
    return {"references": references}


def _claim(chain: Chain) -> dict[str, Any]:
    return {
        "claim": chain.text,
        "section": chain.claim.section,
        "citations": [link.number for link in chain.links],
        "verdict": chain.verdict.value,
        "reason": chain.reason,
        "evidence": [_evidence(found) for found in chain.evidence],
        "lead": chain.lead,
        "passage_id": chain.claim.id,
        "references": [{"number": link.number, "status": link.status, "documents": list(link.document_ids)} for link in chain.links],
        "elsewhere": [_evidence(found) for found in chain.elsewhere],
        "remarks": [{"document_id": remark.document_id, "text": remark.text} for remark in chain.remarks],
    }


def _evidence(found: Evidence) -> dict[str, Any]:
    return {
        "document_id": found.document_id,
        "text": found.text,
        "standing": found.standing.value,
        "section": found.section,
        "passage_id": found.passage_id,
        "caution": found.caution,
    }


def _omission(found: Omission) -> dict[str, Any]:
    return {"document_id": found.document_id, "year": found.year, "said": found.said, "text": found.text, "caution": found.caution}


def ledger_lines(audit: Audit) -> str:
    """The ledger for a terminal: each number, what it stands for and why, and the claims that cite it with what is found there."""
    lines = []
    for entry in audit.ledger:
        dated = f" ({entry.year})" if entry.year else ""
        lines.append(f"[{entry.number}] {entry.status}: {entry.title or 'no source found'}{dated}")
        lines.append(f"    {', '.join(entry.document_ids) or 'no document'}: {entry.reason}")
        lines.extend(
            f"    · {chain.verdict.value}: {chain.text}" for chain in audit.chains if entry.number in {link.number for link in chain.links}
        )
    return "\n".join(lines)


def audit_lines(audit: Audit) -> str:
    """An audit for a terminal: the claims that are not simply carried first, then what is left out."""
    lines = [", ".join(f"{audit.count(verdict)} {verdict.value}" for verdict in AuditVerdict), ""]
    for verdict in (AuditVerdict.CONTRADICTED, AuditVerdict.UNSUPPORTED, AuditVerdict.PARTLY, AuditVerdict.MISSING, AuditVerdict.SUPPORTED):
        for chain in audit.chains:
            if chain.verdict is verdict:
                cited = ", ".join(link.number for link in chain.links)
                lines += [f"{verdict.value.upper()} · {chain.claim.section}", f"  {chain.text} [{cited}]", f"  {chain.reason}", ""]
    for title, found in left_out(audit):
        lines += [title, *(f"  · {omission.said}" for omission in found), ""]
    return "\n".join(lines).rstrip()


def left_out(audit: Audit) -> Sequence[tuple[str, tuple[Omission, ...]]]:
    """What is left out, under its headings; empty headings are dropped."""
    found = (
        ("Newer than what the article calls most recent", audit.left_out.newer),
        ("Harms that the references report and the article does not mention", audit.left_out.harms),
        ("Results of cited references that the article does not give", audit.left_out.results),
    )
    return tuple((title, omissions) for title, omissions in found if omissions)


STANDINGS = {Standing.CARRIES: "carries it", Standing.CONTRADICTS: "contradicts it", Standing.RELATED: "is nearest to it"}
