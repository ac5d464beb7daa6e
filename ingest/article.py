"""The parser of article pages: what the page says of itself, its sections, claims and in-text citation numbers.

Works on the text of a page as it is copied or saved: headings stand alone on a line or carry Markdown's `#`, bullets and numbered steps
are indented, citation numbers stand at the end of a claim. What a page does not carry stays empty; its review status is `unknown` unless the
text reveals it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sequitur.schema import Article, Block, ListedReference, Section, Span
from sequitur.text import body_start

_BULLET = re.compile(r"^(?P<indent>\s*)(?:(?P<step>\d{1,2}[.)])|[•◦▪‣*+–-])\s+(?=\S)")
_HEADING = re.compile(r"^(?P<marks>#{1,6})\s+")
_CITATIONS = re.compile(r"(?P<gap>\s+|(?<=[^\d.][.)\]\"”])\s*)\[?(?P<numbers>\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*)\]?\s*$")
_COUNTED = re.compile(
    r"(?:\b(?:grade|phase|level|stage|type|age|aged|score|table|figure|step|to|of|and|than|was|were|is|are|by|about|around|approximately|nearly|"
    r"median|mean|average|ratio|rr|hr|or|nnt|nnh|p|n|every|each|least|most|only|for|in|over|under|within|after|before)"
    r"|\b(?:on|at|by|until|after|from|to|than|the) (?:day|week|month|year)|[=<>≥≤±–-])\s*$",
    re.I,
)
_INLINE = re.compile(
    r"\b(?:trials?|stud(?:y|ies)|reviews?|guidelines?|analysis|meta-analysis|series|reports?|cohort|authors|al\.)\s"
    r"\[?(?P<numbers>\d{1,2}(?:\s*,\s*\d{1,2})*)\]?(?=\s+[a-z(]|[,;.])"
)
_DATE = re.compile(r"last updated:?\s*(?P<date>[A-Z][a-z]+ \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d{2}-\d{2})", re.I)
_STEPS = (
    "submitted",
    "under review",
    "in review",
    "pending review",
    "pending",
    "approved",
    "published",
    "reviewed",
    "rejected",
    "withdrawn",
)
_PENDING = re.compile(r"pending (?:human |medical |clinical |editorial |expert )?review|under review|awaiting (?:\w+ )?review", re.I)
_APPROVED = re.compile(r"(?:has been|was|is) (?:\w+ )?(?:approved|reviewed and approved) by", re.I)
_BANNER = re.compile(r"educational purpose|exercise caution|pending .*review|not a substitute", re.I)
_LONGEST_HEADING = 120


class Line(NamedTuple):
    """One line of the page with its offsets, without its line end."""

    text: str
    start: int

    @property
    def bare(self) -> str:
        """The line without white space around it."""
        return self.text.strip()


def parse_article(document_id: str, text: str) -> Article:
    """Everything the page carries, with exact offsets into `text`."""
    lines = [line for line in _lines(text) if line.start >= body_start(text)]
    filled = [line for line in lines if line.bare]
    title = _HEADING.sub("", filled[0].bare) if filled else ""
    headings = _headings(lines)
    references_at = _index(headings, lambda line: _name(line) in {"references", "bibliography", "sources"})
    disclaimer_at = _index(headings, lambda line: "disclaimer" in _name(line))
    invitation_at = _index(lines, lambda line: bool(re.match(r"have a follow-?up question\?", _name(line))))
    ends = [at.start if at else len(text) for at in (references_at, disclaimer_at, invitation_at)]
    head_end = _head_end([line for line in lines if line.start < min(ends)], headings, text)
    head = text[:head_end]
    body_end = min((end for end in ends if end >= head_end), default=len(text))
    return Article(
        document_id=document_id,
        title=title,
        board=_matching(lines, head_end, r"medical advisory board|editorial board|reviewed (?:for accuracy )?by"),
        notice=_matching(lines, head_end, _BANNER.pattern),
        steps=tuple(line.bare for line in lines if line.start < head_end and line.bare.lower() in _STEPS),
        status=_status(head),
        last_updated=_updated(head) or _updated(text),
        sections=tuple(_sections(text, lines, headings, head_end, body_end)),
        references=_listed(text, lines, references_at, [disclaimer_at, invitation_at]),
        disclaimer=_below(text, disclaimer_at, [at for at in (invitation_at, references_at) if at]),
        invitation=_below(text, invitation_at, [], with_heading=True),
    )


def _lines(text: str) -> Iterator[Line]:
    start = 0
    for raw in text.split("\n"):
        yield Line(raw, start)
        start += len(raw) + 1


def _name(line: Line) -> str:
    return _HEADING.sub("", line.bare).rstrip(":").lower()


def _index(lines: Sequence[Line], test: Callable[[Line], bool]) -> Line | None:
    return next((line for line in lines if test(line)), None)


def _headings(lines: Sequence[Line]) -> list[Line]:
    """Lines that stand alone, are short, and end as no sentence does; and Markdown's."""
    found = []
    for number, line in enumerate(lines):
        if _HEADING.match(line.bare):
            found.append(line)
            continue
        above = lines[number - 1].bare if number else ""
        below = lines[number + 1].bare if number + 1 < len(lines) else ""
        alone = not above and not below and line.bare and not _BULLET.match(line.text)
        if alone and len(line.bare) <= _LONGEST_HEADING and not re.search(r"[.:;,!]$|\d$", line.bare):
            found.append(line)
    return found


def _head_end(lines: Sequence[Line], headings: Sequence[Line], text: str) -> int:
    """Where the page's own remarks end and the article begins: after the personalise box, the date, or the title."""
    end = 0
    for line in lines:
        if _DATE.search(line.text) or re.match(r"personali[sz]e$|help us tailor|which best describes you", line.bare, re.I):
            end = line.start + len(line.text)
    if not end:
        first = next((line for line in lines if line.bare), None)
        end = first.start + len(first.text) if first else 0
        for line in lines:
            known = _BANNER.search(line.bare) or line.bare.lower() in _STEPS or re.search(r"advisory board", line.bare, re.I)
            is_heading = any(line.start == heading.start for heading in headings)
            if known and not is_heading and line.start > end and line.start < len(text) // 4:
                end = line.start + len(line.text)
    return end


def _matching(lines: Sequence[Line], end: int, pattern: str) -> str:
    return next((line.bare for line in lines if line.start < end and re.search(pattern, line.bare, re.I)), "")


def _status(head: str) -> str:
    """The review status as far as the text reveals it; the names of the steps alone reveal nothing."""
    if _PENDING.search(_without_steps(head)):
        return "under review"
    if _APPROVED.search(head):
        return "approved"
    stated = re.search(r"(?:review )?status:\s*([A-Za-z ]+)", head, re.I)
    return stated[1].strip().lower() if stated and stated[1].strip().lower() in _STEPS else "unknown"


def _without_steps(head: str) -> str:
    return "\n".join(line for line in head.split("\n") if line.strip().lower() not in _STEPS)


def _updated(head: str) -> str:
    match = _DATE.search(head)
    if not match:
        return ""
    for form in ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(match["date"], form).date().isoformat()
        except ValueError:
            continue
    return ""


def _sections(text: str, lines: Sequence[Line], headings: Sequence[Line], start: int, end: int) -> Iterator[Section]:
    inside = [line for line in headings if start <= line.start < end]
    first_text = next((line for line in lines if line.start >= start and line.bare), None)
    if first_text and first_text.start < end and (not inside or first_text.start < inside[0].start):
        stop = inside[0].start if inside else end
        blocks = tuple(_blocks(text, [line for line in lines if first_text.start <= line.start < stop]))
        if blocks and any(len(block.text) > _LONGEST_HEADING or block.citations for block in blocks):
            yield Section("", Span(first_text.start, stop), blocks)
    for number, heading in enumerate(inside):
        stop = inside[number + 1].start if number + 1 < len(inside) else end
        below = [line for line in lines if heading.start < line.start < stop]
        yield Section(_HEADING.sub("", heading.bare), Span(heading.start, stop), tuple(_blocks(text, below)))


def _blocks(text: str, lines: Sequence[Line]) -> Iterator[Block]:
    """Paragraphs, lead-ins, bullets and steps. A list item runs over unindented continuation lines only when no blank line intervenes."""
    group: list[Line] = []
    indents: list[int] = []
    for line in [*lines, Line("", len(text))]:
        starts_item = bool(_BULLET.match(line.text))
        if group and (not line.bare or starts_item):
            yield _block(text, group, indents)
            group = []
        if line.bare:
            group.append(line)


def _block(text: str, group: Sequence[Line], indents: list[int]) -> Block:
    first, last = group[0], group[-1]
    item = _BULLET.match(first.text)
    start = first.start + (item.end() if item else len(first.text) - len(first.text.lstrip()))
    end = last.start + len(last.text.rstrip())
    level = 0
    if item:
        indent = len(item["indent"].expandtabs(4))
        while indents and indents[-1] >= indent:
            indents.pop()
        level = len(indents)
        indents.append(indent)
    else:
        indents.clear()
    span, numbers = split_citations(text, start, end)
    content = span.of(text)
    kind = "step" if item and item["step"] else "bullet" if item else "lead-in" if content.endswith(":") else "paragraph"
    return Block(kind, level, item["step"] or "" if item else "", content, span, numbers)


def split_citations(text: str, start: int, end: int) -> tuple[Span, tuple[str, ...]]:
    """The span without the citation numbers at its end, and those numbers.

    `… in a minority of patients 2` cites 2; `grade 4`, `n = 40` and `1,600 mg` cite nothing.
    """
    match = _CITATIONS.search(text[start:end])
    if not match or _COUNTED.search(text[start : start + match.start()]):
        return Span(start, end), ()
    numbers = expand_numbers(match["numbers"])
    if not numbers or match.start() == 0:
        return Span(start, end), ()
    return Span(start, start + match.start()), numbers


def inline_citations(text: str, span: Span, known: frozenset[str]) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """Citation numbers inside a sentence ("the 2020 trial 4 showed …"): only numbers that the article also cites at a claim's end."""
    marks: list[Span] = []
    numbers: list[str] = []
    for match in _INLINE.finditer(span.of(text)):
        cited = expand_numbers(match["numbers"])
        if cited and set(cited) <= known:
            marks.append(Span(span.start + match.start("numbers"), span.start + match.end("numbers")))
            numbers.extend(cited)
    return tuple(marks), tuple(numbers)


def expand_numbers(written: str) -> tuple[str, ...]:
    """`"1, 3-5"` → `("1", "3", "4", "5")`; empty when the numbers do not ascend, for then they are no citations."""
    numbers: list[int] = []
    for part in re.split(r"[,;]", written):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        numbers.extend(range(ends[0], ends[-1] + 1) if len(ends) > 1 else ends)
    ascending = numbers == sorted(set(numbers)) and numbers and numbers[0] > 0
    return tuple(str(number) for number in numbers) if ascending else ()


def _listed(text: str, lines: Sequence[Line], heading: Line | None, later: Sequence[Line | None]) -> tuple[ListedReference, ...]:
    """Entries of a list that prints a kind, a title and a "Journal, year" line, each on its own; or one entry a line."""
    if heading is None:
        return ()
    end = min([at.start for at in later if at and at.start > heading.start] or [len(text)])
    rows = [line for line in lines if heading.start < line.start < end and line.bare]
    found: list[ListedReference] = []
    kind, title = "", None
    for row in rows:
        bare = re.sub(r"^(?:\[?\d{1,3}[.)\]]|[•*-])\s+", "", row.bare)
        dated = re.match(r"(?P<source>.+?),?\s*\(?(?P<year>(?:19|20)\d{2})\)?\.?$", bare)
        if title and dated:
            span = Span(title.start, row.start + len(row.text.rstrip()))
            found.append(ListedReference(kind, title.bare, dated["source"].rstrip(", "), int(dated["year"]), span))
            title = None
        elif re.fullmatch(r"guidelines?|research|reviews?|trials?|studies|books?|websites?|drug labels?|prax(?:is)?", bare, re.I):
            kind, title = bare, None
        elif dated and not title and len(bare) > _LONGEST_HEADING // 2:
            found.append(ListedReference(kind, bare, "", int(dated["year"]), Span(row.start, row.start + len(row.text.rstrip()))))
        else:
            title = row
    return tuple(found)


def _below(text: str, heading: Line | None, later: Sequence[Line], *, with_heading: bool = False) -> str:
    if heading is None:
        return ""
    start = heading.start if with_heading else heading.start + len(heading.text)
    end = min([at.start for at in later if at.start > heading.start] or [len(text)])
    return text[start:end].strip()
