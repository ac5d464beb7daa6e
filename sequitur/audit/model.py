"""The values of an audit: what is held against what, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sequitur.schema import LedgerEntry, Passage


class AuditVerdict(StrEnum):
    """What a claim's references say of it."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    MISSING = "source missing"


class Standing(StrEnum):
    """How one passage of a reference stands to a claim."""

    CARRIES = "carries"
    CONTRADICTS = "contradicts"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of a reference beside a claim, and what is to be known before trusting it."""

    document_id: str
    passage_id: str
    label: str  # "Pickering 2020"
    section: str
    text: str  # with its lead-in where it has one
    standing: Standing
    caution: str  # "not page-checked", "note of medium confidence", "a candidate for [3]", …; "" for none


@dataclass(frozen=True, slots=True)
class Remark:
    """What the editor of a note says about the article: shown apart, never a proof."""

    document_id: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """One in-text number of a claim and what stands behind it."""

    number: str
    status: str
    document_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One claim of the article: its numbers, the references behind them, and their passages that carry or contradict it."""

    claim: Passage
    text: str  # the claim without its citation numbers
    lead: str  # the lead-in it stands under, or ""
    links: tuple[Link, ...]
    evidence: tuple[Evidence, ...]
    verdict: AuditVerdict
    reason: str
    elsewhere: tuple[Evidence, ...]  # passages of references that the claim does not cite
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that a reference reports and the article does not say."""

    document_id: str
    label: str
    year: int | None
    said: str  # what is left out, in one sentence
    text: str  # the passage
    caution: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the article leaves out, for its editors."""

    newer: tuple[Omission, ...]  # published after what the article calls the most recent
    harms: tuple[Omission, ...]
    results: tuple[Omission, ...]  # main results of references that the article cites


@dataclass(frozen=True, slots=True)
class Audit:
    """An article held against its references."""

    article: str
    title: str
    ledger: tuple[LedgerEntry, ...]
    chains: tuple[Chain, ...]
    left_out: LeftOut

    def count(self, verdict: AuditVerdict) -> int:
        """How many claims have a verdict."""
        return sum(chain.verdict is verdict for chain in self.chains)
