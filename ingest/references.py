"""The reference ledger: what each in-text citation number stands for. Never by position: the printed list carries no numbers.

A document is held to be what a number stands for when its note says so, or when what the article says at that number can be recognised in it: figures
that no other document has, its year with its design or its author, or its title's words. Two that fit alike are candidates, never a choice.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sequitur.analysis import stems
from sequitur.figures import Figure, figures, same_figure, telling
from sequitur.schema import Article, Document, LedgerEntry, ListedReference, Passage, short_name
from sequitur.text import body_start, sentences, tokens

_HEAD = 1500  # characters of a text in which its own title, authors and year are looked for
_TITLE = 0.6  # share of a title's words, by rarity, from which a claim recognises it
_LEAST = 3  # shared words of a title, at least
_MARGIN = 1.4  # how much better than the next one a fit must be
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)]", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:?\s*(\d{5,9})\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19[5-9]\d|20[0-4]\d)\b")
_DESIGNS = (
    ("rct", re.compile(r"\brandomi[sz]ed\b(?!.{0,60}\b(?:review|meta-analys))|\brcts?\b|\bcrossover trial\b", re.IGNORECASE)),
    ("synthesis", re.compile(r"\bmeta-?analys[ie]s\b|\bsystematic review\b|\bcochrane\b|\bpooled\b", re.IGNORECASE)),
    ("guideline", re.compile(r"\bguidelines?\b|\bconsensus\b|\brecommendations?\b", re.IGNORECASE)),
    ("cohort", re.compile(r"\bcohort\b|\bobservational\b|\bregistry\b", re.IGNORECASE)),
    ("case-series", re.compile(r"\bcase (?:series|reports?)\b", re.IGNORECASE)),
)
_KINDS = {
    "rct": "rct",
    "meta-analysis": "synthesis",
    "systematic-review": "synthesis",
    "guideline": "guideline",
    "cohort": "cohort",
    "case-series": "case-series",
}


def build_ledger(article: Article, documents: Sequence[Document], passages: Sequence[Passage]) -> tuple[LedgerEntry, ...]:
    """One entry for each number that a claim cites, in numeric order.

    `listed`: the list names the document and a note or the content identifies it with the number. `self-citation`: the list has a publisher's
    own overview of that kind, and the documents behind the number are what it seems to relay. `inferred`: identified, but the list does not
    name it. `candidate`: a document only may be meant. `unresolved`: nothing is known. A listed title without a document has no document ids.
    """
    claims: dict[str, list[Passage]] = {}
    for passage in passages:
        if passage.document_id == article.document_id:
            for number in passage.citations:
                claims.setdefault(number, []).append(passage)
    desk = _Desk(article, documents)
    found = {number: desk.stated(number, claims[number]) for number in claims}
    by_content = desk.recognised({number: claims[number] for number, entry in found.items() if entry is None})
    entries = (found[number] or by_content[number] for number in sorted(claims, key=int))
    return tuple(replace(entry, claims=tuple(claim.id for claim in claims[entry.number])) for entry in entries)


@dataclass(frozen=True)
class _Profile:
    """What of a document can be recognised."""

    document: Document

    @cached_property
    def head(self) -> str:
        start = body_start(self.document.text)
        return f"{self.document.title}\n{self.document.text[start : start + _HEAD]}"

    @cached_property
    def dois(self) -> frozenset[str]:
        stated = [self.document.doi or ""] if self.document.doi else _DOI.findall(self.head)
        return frozenset(doi.lower() for doi in stated)

    @cached_property
    def pmids(self) -> frozenset[str]:
        return frozenset([self.document.pmid] if self.document.pmid else _PMID.findall(self.head))

    @cached_property
    def years(self) -> frozenset[int]:
        return frozenset([self.document.year] if self.document.year else (int(year) for year in _YEAR.findall(self.head)))

    @cached_property
    def title_words(self) -> frozenset[str]:
        return frozenset(stems(self.document.title)) | (
            frozenset() if body_start(self.document.text) else frozenset(stems(self._first_line))
        )

    @cached_property
    def _first_line(self) -> str:
        return next((line for line in self.document.text.split("\n") if len(line.split()) > 3), "")[:300]

    @cached_property
    def design(self) -> str:
        return _KINDS.get(self.document.kind) or next((name for name, pattern in _DESIGNS if pattern.search(self.head)), "")

    @cached_property
    def surnames(self) -> frozenset[str]:
        return frozenset(author.split()[0].lower() for author in self.document.authors[:1] if author)

    @cached_property
    def lines(self) -> tuple[frozenset[str], ...]:
        text = self.document.text
        return tuple(frozenset(stems(span.of(text))) for span in sentences(text, body_start(text)))

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        return figures(self.document.text[body_start(self.document.text) :])


@dataclass(frozen=True)
class _Fit:
    """How well a document, or a title of the list without one, fits what is said at a number."""

    profile: _Profile | None
    entry: ListedReference | None
    shared: tuple[str, ...]  # telling figures that it alone has, as the claims print them
    common: tuple[str, ...]  # telling figures that others have too
    mention: str  # "the year 2020 and the design", "its first author", …; "" for none
    words: float  # share of its title's words, by rarity
    named: tuple[str, ...]  # those words
    said: float  # how much of the claims one sentence of it says, each, by rarity
    listed: bool  # the printed list names it

    @property
    def sure(self) -> bool:
        """Whether this alone identifies it."""
        return self.strength >= 1.0

    @property
    def strength(self) -> float:
        """1 and more identifies; the parts add up, none is enough by a trace."""
        by_figures = len(self.shared) / 2 + (0.5 if any(map(_precise, self.shared)) else 0.0) + min(0.4, 0.2 * len(self.common))
        by_title = self.words / _TITLE if len(self.named) >= _LEAST else 0.0
        by_words = by_title * (1.0 if by_title >= 1 and self.listed else 0.5) + (0.6 * self.said if self.said > 0.5 else 0.0)
        return by_figures + (0.7 if self.mention else 0.0) + (by_words if self.listed else min(0.9, by_words))

    @property
    def reason(self) -> str:
        """Why, for a reader."""
        parts = []
        if self.shared:
            parts.append(f"the figures {_listing(self.shared)} stand in it and in no other reference")
        if self.mention:
            also = f" and {_listing(self.common)}" if self.common and not self.shared else ""
            parts.append(f"{self.mention}{also} fit")
        if self.words >= _TITLE / 2 and len(self.named) >= _LEAST:
            parts.append(f"its title has the claim's words ({', '.join(self.named[:5])})")
        if not parts and self.said > 0.5:
            parts.append("it says much the same in other words")
        return "; ".join(parts)


class _Desk:
    """The documents and the printed list of one article, laid side by side."""

    def __init__(self, article: Article, documents: Sequence[Document]) -> None:
        self._article = article
        self._profiles = [_Profile(document) for document in documents]
        self._leads = {block.span: block.text for section in article.sections for block in section.blocks}
        self._listed = {profile.document.id: entry for profile in self._profiles if (entry := self._entry_of(profile))}
        kept = {id(entry) for entry in self._listed.values()}
        self._orphans = [entry for entry in article.references if id(entry) not in kept]
        bags = [*(profile.title_words for profile in self._profiles), *(frozenset(stems(entry.title)) for entry in self._orphans)]
        bags = [bag.union(*profile.lines) for bag, profile in zip(bags, self._profiles, strict=False)] + bags[len(self._profiles) :]
        counts = Counter(term for bag in bags for term in bag)
        self._rarity = {term: math.log(1 + len(bags) / count) for term, count in counts.items()}

    def _entry_of(self, profile: _Profile) -> ListedReference | None:
        """The entry of the printed list that names a document: by DOI, PMID or title; years may differ by the one of print."""
        for entry in self._article.references:
            printed = f"{entry.title} {entry.source}"
            if profile.dois & {doi.lower() for doi in _DOI.findall(printed)} or profile.pmids & set(_PMID.findall(printed)):
                return entry
            dated = not entry.year or not profile.years or any(abs(entry.year - year) <= 1 for year in profile.years)
            if dated and _same_title(entry.title, profile):
                return entry
        return None

    def stated(self, number: str, claims: Sequence[Passage]) -> LedgerEntry | None:
        """The entry of a number that the list prints or that documents bear; None where neither does."""
        printed = [entry for entry in self._article.references if entry.label == number]
        if len(printed) == 1:
            return self._printed(number, printed[0])
        bearing = [profile for profile in self._profiles if profile.document.cited_as == number]
        if not bearing:
            return None
        named = [profile for profile in bearing if profile.document.id in self._listed]
        if len(named) == 1:
            return _entry(number, "listed", named, "the article's reference list names this title, and its note states the number")
        overview = self._overview()
        if overview and all(profile.document.kind == overview.kind.lower() for profile in bearing):
            candidates = [profile for profile in self._profiles if profile.document.cited_as_candidate == number]
            ids = tuple(profile.document.id for profile in [*bearing, *candidates])
            reason = f"the list names the publisher's own overview ({overview.source}); its statements trace to these documents"
            return LedgerEntry(number, "self-citation", ids, overview.title, overview.year, reason, ())
        return self._unlisted(number, bearing, claims)

    def _unlisted(self, number: str, bearing: Sequence[_Profile], claims: Sequence[Passage]) -> LedgerEntry:
        """The entry of a number that documents bear and the list does not name; of several, the one that alone has its figures."""
        if len(bearing) == 1:
            shared = self._shared(bearing[0], claims, alone=False)
            by_figures = f", and {_listing(shared)} {'stands' if len(shared) == 1 else 'stand'} in both" if shared else ""
            reason = f"its note states the number{by_figures}; the article's reference list does not name it"
            return _entry(number, "inferred", bearing, reason)
        sure = [profile for profile in bearing if self._shared(profile, claims)]
        if len(sure) == 1:
            reason = f"{len(bearing)} notes state this number; only in this one stand {_listing(self._shared(sure[0], claims))}"
            return _entry(number, "inferred", sure, reason)
        return _entry(number, "candidate", bearing, f"{len(bearing)} notes state this number and nothing tells which is meant")

    def _printed(self, number: str, entry: ListedReference) -> LedgerEntry:
        """The entry of a number that the list itself prints beside a title."""
        found = [profile for profile in self._profiles if self._listed.get(profile.document.id) is entry]
        reason = "the article's reference list prints this number beside this title"
        if found:
            return _entry(number, "listed", found[:1], reason)
        return LedgerEntry(number, "listed", (), entry.title, entry.year, f"{reason}; there is no file for it in the corpus", ())

    def recognised(self, claims: Mapping[str, Sequence[Passage]]) -> dict[str, LedgerEntry]:
        """Entries of numbers that no note bears, the surest first; a document stands for one number only."""
        labelled = {id(entry) for entry in self._article.references if entry.label}
        free = [
            profile
            for profile in self._profiles
            if not profile.document.cited_as and id(self._listed.get(profile.document.id)) not in labelled
        ]
        overview = self._overview()
        fits: dict[str, list[_Fit]] = {}
        for number, said in claims.items():
            found = [self._fit(profile, said) for profile in free if profile.document.cited_as_candidate in {"", number}]
            found += [self._title_fit(entry, said) for entry in self._orphans if entry is not overview and not entry.label]
            fits[number] = sorted(found, key=lambda fit: -fit.strength)
        taken: set[int] = set()
        entries: dict[str, LedgerEntry] = {}
        for number in sorted(claims, key=lambda number: -fits[number][0].strength if fits[number] else 0.0):
            left = [fit for fit in fits[number] if id(fit.profile or fit.entry) not in taken]
            entries[number], chosen = self._decided(number, left)
            if chosen is not None:
                taken.add(id(chosen.profile or chosen.entry))
        return entries

    def _decided(self, number: str, fits: Sequence[_Fit]) -> tuple[LedgerEntry, _Fit | None]:
        best = fits[0] if fits else None
        if best and best.sure and all(best.strength >= _MARGIN * other.strength for other in fits[1:2]):
            if best.profile is None and best.entry:
                reason = f"the article's reference list names this title and {best.reason}; there is no file for it in the corpus"
                return LedgerEntry(number, "listed", (), best.entry.title, best.entry.year, reason, ()), best
            if best.profile and (best.listed or not best.profile.document.cited_as_candidate):
                listed = best.profile.document.id in self._listed
                tail = "the article's reference list names this title" if listed else "the article's reference list does not name it"
                return _entry(
                    number, "listed" if listed else "inferred", [best.profile], f"identified by content: {best.reason}; {tail}"
                ), best
        rivals = [fit for fit in fits if fit.sure and fit.profile]
        if 1 < len(rivals) <= _RIVALS:
            found = [fit.profile for fit in rivals if fit.profile]
            names = _listing(tuple(short_name(profile.document) for profile in found))
            return _entry(number, "candidate", found, f"{names} fit alike, and nothing tells which is meant"), None
        stated = [profile for profile in self._profiles if profile.document.cited_as_candidate == number]
        if stated:
            reason = "fits in subject and wording only, as its note says; the article's reference list does not name it"
            return _entry(number, "candidate", stated, reason), None
        if best and best.profile and best.strength >= _PERHAPS and all(best.strength >= _MARGIN * other.strength for other in fits[1:2]):
            return _entry(number, "candidate", [best.profile], f"may be meant ({best.reason}), but that does not settle it"), None
        reason = "no entry of the reference list and no document could be matched with what the article says at this number"
        return LedgerEntry(number, "unresolved", (), "", None, reason, ()), None

    def _fit(self, profile: _Profile, claims: Sequence[Passage]) -> _Fit:
        share, named = self._title_words(profile.title_words, claims)
        alone = self._shared(profile, claims)
        common = tuple(figure for figure in self._shared(profile, claims, alone=False) if figure not in alone)
        listed = profile.document.id in self._listed
        return _Fit(profile, None, alone, common, self._mention(profile, claims), share, named, self._said(profile, claims), listed)

    def _title_fit(self, entry: ListedReference, claims: Sequence[Passage]) -> _Fit:
        share, named = self._title_words(frozenset(stems(entry.title)), claims)
        mention = f"the year {entry.year}" if entry.year and any(str(entry.year) in claim.text for claim in claims) else ""
        return _Fit(None, entry, (), (), mention, share, named, 0.0, listed=True)

    def _title_words(self, title: frozenset[str], claims: Sequence[Passage]) -> tuple[float, tuple[str, ...]]:
        """The best share of a title that one claim has, the article's own subject counting little, and the words it has."""
        best: tuple[float, tuple[str, ...]] = (0.0, ())
        subject = frozenset(stems(self._article.title))
        weights = {term: self._rarity.get(term, 1.0) * (0.3 if term in subject else 1.0) for term in title}
        for claim in claims:
            said = frozenset(stems(claim.text))
            shared = sorted(title & said, key=lambda term: -weights[term])
            share = sum(weights[term] for term in shared) / (sum(weights.values()) or 1.0)
            best = max(best, (share, tuple(shared)))
        return best

    def _said(self, profile: _Profile, claims: Sequence[Passage]) -> float:
        """Mean over the claims of the share of words, by rarity, that one sentence of the document has."""
        subject = frozenset(stems(self._article.title))
        whole = 0.0
        for claim in claims:
            weights = {term: self._rarity.get(term, math.log(2)) * (0.3 if term in subject else 1.0) for term in stems(claim.text)}
            total = sum(weights.values()) or 1.0
            whole += max((sum(weights[term] for term in weights.keys() & line) / total for line in profile.lines), default=0.0)
        return whole / len(claims)

    def _words(self, claim: Passage) -> str:
        return f"{self._leads.get(claim.lead, '') if claim.lead else ''} {claim.text}"

    def _shared(self, profile: _Profile, claims: Sequence[Passage], *, alone: bool = True) -> tuple[str, ...]:
        """Telling figures of the claims that stand in a document; with `alone`, in no other."""
        found: dict[str, None] = {}
        others = [other for other in self._profiles if other is not profile] if alone else []
        for claim in claims:
            said = [figure for figure in figures(claim.text) if figure.kind in {"percent", "dose", "ratio", "count"}]
            if len(said) > 1 and _has_all(profile, said) and not any(_has_all(other, said) for other in others):
                found.update(dict.fromkeys(figure.text for figure in said))
            for figure in figures(claim.text):
                if telling(figure) and _has(profile, figure) and not any(_has(other, figure) for other in others):
                    found[figure.text] = None
        return tuple(found)

    def _mention(self, profile: _Profile, claims: Sequence[Passage]) -> str:
        for claim in claims:
            said = self._words(claim)
            if profile.surnames & set(tokens(said)):
                return "the author's name"
            dated = [year for year in profile.years if re.search(rf"\b{year}\b", said)]
            design = next((pattern for name, pattern in _DESIGNS if name == profile.design), None)
            if dated and len(profile.years) == 1 and design and design.search(said):
                return f"the year {dated[0]} and the design"
        return ""

    def _overview(self) -> ListedReference | None:
        """The entry of the list whose publisher is the page's own, as the board line or the disclaimer names it, and that is no document here."""
        own = f"{self._article.board} {self._article.disclaimer}".lower()
        for entry in self._orphans:
            publisher = re.split(r"\s", entry.source)[0].lower() if entry.source else ""
            if len(publisher) > 3 and publisher in own:
                return entry
        return None


_RIVALS = 3  # more than that is no hint at all
_PERHAPS = 0.55  # strength from which a document that stands out may be meant


def _entry(number: str, status: str, found: Sequence[_Profile], reason: str) -> LedgerEntry:
    first = found[0].document
    year = first.year or (next(iter(found[0].years)) if len(found[0].years) == 1 else None)
    return LedgerEntry(number, status, tuple(profile.document.id for profile in found), first.title, year, reason, ())


def _precise(printed: str) -> bool:
    """Whether a figure is printed to two significant digits or more with a decimal point: 4.94, 0.15, not 0.5."""
    return any(len(number.replace(".", "").lstrip("0")) >= 2 for number in re.findall(r"\d*\.\d+", printed))


def _has_all(profile: _Profile, said: Sequence[Figure]) -> bool:
    return all(_has(profile, figure) for figure in said)


def _has(profile: _Profile, figure: Figure) -> bool:
    exact = any(there.kind != "bare" and same_figure(figure, there, exact=True) for there in profile.figures)
    return exact or (bool(figure.decimals) and any(there.value == figure.value for there in profile.figures))


def _same_title(printed: str, profile: _Profile) -> bool:
    """Equal word for word, or with nearly all words in common, or printed at the head of a document that states no title."""
    wanted, own = tokens(printed), tokens(profile.document.title)
    if len(wanted) < _LEAST:
        return wanted == own
    common, whole = len(set(wanted) & set(own)), len(set(wanted) | set(own))
    if wanted == own or common / whole >= 0.85:
        return True
    head = " ".join(tokens(profile.head))
    return not body_start(profile.document.text) and " ".join(wanted) in head


def _listing(parts: Sequence[str]) -> str:
    shown = list(dict.fromkeys(parts))[:6]
    return ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1] if shown else ""


def link_supports(
    passages: Sequence[Passage], ledger: Sequence[LedgerEntry], similarity: Mapping[tuple[str, str], float]
) -> dict[str, tuple[str, ...]]:
    """For each claim of the article, the passage of each cited document that carries it best, where one carries it at all.

    `similarity` holds cosines for (claim id, passage id). A passage carries a claim when it has the claim's words, weighted by their rarity,
    and its figures; questions, limitations and remarks carry nothing.
    """
    behind = {entry.number: entry.document_ids for entry in ledger if entry.status != "unresolved"}
    able = [passage for passage in passages if not (passage.flags or passage.text.endswith("?") or _COMMENTARY.match(passage.section))]
    terms = {passage.id: frozenset(stems(passage.text)) for passage in passages}
    counts = Counter(term for passage in passages for term in terms[passage.id])
    rarity = {term: math.log(1 + len(passages) / count) for term, count in counts.items()}
    supports: dict[str, tuple[str, ...]] = {}
    for claim in passages:
        cited = dict.fromkeys(identity for number in claim.citations for identity in behind.get(number, ()))
        best = []
        for document_id in cited:
            scored = [
                (_carrying(terms[claim.id], terms[passage.id], rarity) + similarity.get((claim.id, passage.id), 0.0), passage.id)
                for passage in able
                if passage.document_id == document_id
            ]
            best.append(max(scored, default=(0.0, "")))
        found = tuple(identity for score, identity in sorted(best, reverse=True) if score >= _ENOUGH)
        if found:
            supports[claim.id] = found[:_MOST]
    return supports


_COMMENTARY = re.compile(r"limit|what it means|comment|discussion|editor", re.IGNORECASE)
_ENOUGH = 0.85  # of 2: half wording and figures, half cosine
_MOST = 2


def _carrying(claim: frozenset[str], passage: frozenset[str], rarity: Mapping[str, float]) -> float:
    """Share of the claim's words that stand in the passage, by rarity; figures count double."""

    def weight(term: str) -> float:
        return rarity[term] * (2.0 if term[0].isdigit() else 1.0)

    whole = sum(weight(term) for term in claim)
    return sum(weight(term) for term in claim & passage) / whole if whole else 0.0
