"""The parser of article pages: what the page says of itself, its sections, claims and in-text citation numbers.

Works on the text of a page as it is copied or saved: headings stand alone on a line or carry Markdown's `#`, bullets and numbered steps
are indented, citation numbers stand at the end of a claim. What a page does not carry stays empty; its review status is `unknown` unless the
text reveals it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ingest.citations import highest, split_citations
from sequitur.schema import Article, Block, ListedReference, Section, Span
from sequitur.text import body_start

_BULLET = re.compile(r"^(?P<indent>\s*)(?:(?P<step>\d{1,2}[.)])|[•◦▪‣●○■□➢➤✓✔*+–—-]|(?<=\s)o)\s+(?=\S)")
_HEADING = re.compile(r"^(?P<marks>#{1,6})\s+")
_RULE = re.compile(r"[-_*=—]{3,}")
_DAY = r"[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}|\d{4}-\d{2}-\d{2}"
_DATE = re.compile(rf"(?:last (?:updated|reviewed|modified|revised)|updated)(?: on)?:?\s*(?P<date>{_DAY})", re.I)
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
_PENDING = re.compile(
    r"(?<!no longer )(?:pending (?:human |medical |clinical |editorial |expert |peer |physician )*review|under (?:\w+ )?review|awaiting (?:\w+ )*review|"
    r"(?:has|have) not (?:yet )?been (?:\w+ )?(?:reviewed|approved))",
    re.I,
)
_APPROVED = re.compile(r"\b(?:article|page|content)\b[^.\n]{0,60}?\b(?:has been|was|is)\s+(?:\w+\s+){0,3}?approved\b", re.I)
_NOT_YET = re.compile(r"\b(?:not|never|yet|until|unless|pending|awaiting|before|once|when|if)\b", re.I)
_BANNER = re.compile(r"educational purpose|exercise caution|pending .{0,60}review|not a substitute", re.I)
_PERSONAL = re.compile(r"personali[sz]e$|help us tailor|which best describes you", re.I)
_FOOTER = re.compile(
    r"(?:related|similar|more) (?:questions|articles|topics)|explore more|praxis medical insights|share this|was this helpful|©|copyright",
    re.I,
)
_KIND = re.compile(r"(?:guidelines?|research|reviews?|trials?|studies|books?|websites?|(?:drug|fda) labels?|official|prax(?:is)?)", re.I)
_VERB = re.compile(r"\s(?:is|are|was|were|be|should|may|might|can|must|has|have|shows?|showed|reduces?d?|improves?d?|causes?d?|remains?)\s")
_ASKS = re.compile(r"(?:how|when|what|why|which|who|where|is|are|can|should|does|do|if)\b", re.I)
_SPECIAL = re.compile(r"references|bibliography|sources|(?<!\w)(?:\w{1,30} ){0,2}disclaimer|(?:have|ask) a follow-?up question\??")
_LONGEST_HEADING = 120


class Line(NamedTuple):
    """One line of the page with its offsets, without its line end."""

    text: str
    start: int

    @property
    def bare(self) -> str:
        """The line without white space around it; a ruled line is blank."""
        return "" if _RULE.fullmatch(self.text.strip()) else self.text.strip()

    @property
    def end(self) -> int:
        """Where the line's last character ends."""
        return self.start + len(self.text.rstrip())


def parse_article(document_id: str, text: str) -> Article:
    """Everything the page carries, with exact offsets into `text`."""
    body = body_start(text)
    lines = [line for line in _lines(text) if line.start >= body]
    filled = [line for line in lines if line.bare]
    title = _HEADING.sub("", filled[0].bare) if filled else ""
    headings = _headings(lines)
    references_at = _index(headings, lambda line: _name(line) in {"references", "bibliography", "sources"})
    disclaimer_at = _disclaimer(lines, headings)
    invitation_at = _index(lines, lambda line: bool(re.match(r"(?:have|ask) a follow-?up question\b", _name(line))))
    ends = [at.start if at else len(text) for at in (references_at, disclaimer_at, invitation_at)]
    head_end = _head_end([line for line in filled if line.start < min(ends)], headings, text)
    head = text[filled[0].end if filled else 0 : head_end]
    body_end = min((end for end in ends if end >= head_end), default=len(text))
    references = _listed(lines, references_at, [disclaimer_at, invitation_at], text)
    return Article(
        document_id=document_id,
        title=title,
        board=_matching(lines, head_end, r"medical advisory board|editorial board|reviewed (?:for accuracy )?by"),
        notice=_matching(lines, head_end, _BANNER.pattern),
        steps=tuple(line.bare for line in lines if line.start < head_end and line.bare.lower() in _STEPS),
        status=_status(head, text[body_end:]),
        last_updated=_updated(head) or next((found for line in lines if line.start >= body_end and (found := _updated_line(line))), ""),
        sections=_sections(_Page(text, tuple(lines), tuple(headings)), head_end, body_end, len(references)),
        references=references,
        disclaimer=_below(text, lines, disclaimer_at, [at for at in (invitation_at, references_at) if at]),
        invitation=_below(text, lines, invitation_at, [], with_heading=True),
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
    """A page that marks its headings has these; on another, lines that stand alone, are short, and read as no sentence does."""
    marked = [line for line in lines if _HEADING.match(line.bare)]
    title = next((line for line in lines if line.bare), None)
    is_marked = any(line != title for line in marked)
    found = []
    for number, line in enumerate(lines):
        above = lines[number - 1].bare if number else ""
        below = lines[number + 1].bare if number + 1 < len(lines) else ""
        alone = bool(line.bare) and not above and not below and not _BULLET.match(line.text)
        if line in marked or (alone and (_SPECIAL.fullmatch(_name(line)) or (not is_marked and _reads_as_heading(line.bare)))):
            found.append(line)
    return found


def _reads_as_heading(bare: str) -> bool:
    if len(bare) > _LONGEST_HEADING or re.search(r"[.:;,!|]$", bare) or split_citations(bare, 0, len(bare))[1]:
        return False
    long_words = re.findall(r"[A-Za-z][\w'’-]{3,}", bare)
    capitals = sum(word[0].isupper() for word in long_words)
    titled = capitals > 0.6 * len(long_words)
    if bare[-1].isdigit() and not titled:
        return False
    return titled or bare.endswith("?") or bool(_ASKS.match(bare)) or not _VERB.search(bare)


def _disclaimer(lines: Sequence[Line], headings: Sequence[Line]) -> Line | None:
    """The disclaimer's heading, or the line that opens with the word."""
    heading = _index(headings, lambda line: "disclaimer" in _name(line))
    return heading or _index(lines, lambda line: bool(re.match(r"(?:\w+ ){0,2}disclaimer\s*[:–—]\s*\S", line.bare, re.I)))


def _head_end(lines: Sequence[Line], headings: Sequence[Line], text: str) -> int:
    """Where the page's own remarks end and the article begins: after the personalise box, the date, the banner, or the title."""
    first = next(iter(lines), None)
    if first is None:
        return 0
    end, known_end = 0, first.end
    starts = {heading.start for heading in headings}
    for line in lines:
        if line is not first and _is_claim(line):
            break
        if _DATE.search(line.text) or _PERSONAL.match(_name(line)):
            end = line.end
        known = _BANNER.search(line.bare) or line.bare.lower() in _STEPS or re.search(r"advisory board", line.bare, re.I)
        if known and line.start not in starts and line.start < max(2000, len(text) // 4):
            known_end = line.end
    return max(end, known_end) if end else known_end


def _is_claim(line: Line) -> bool:
    """Whether a line belongs to the article itself: a list item, a cited sentence, or a long one that is none of the page's own remarks."""
    if (
        _DATE.search(line.text)
        or _PERSONAL.match(_name(line))
        or _BANNER.search(line.bare)
        or re.search(r"advisory board", line.bare, re.I)
    ):
        return False
    cited = len(line.bare) > 30 and bool(split_citations(line.bare, 0, len(line.bare))[1])
    return bool(_BULLET.match(line.text)) or cited or (len(line.bare) > _LONGEST_HEADING and line.bare.endswith("."))


def _matching(lines: Sequence[Line], end: int, pattern: str) -> str:
    return next((line.bare for line in lines if line.start < end and re.search(pattern, line.bare, re.I)), "")


def _status(head: str, tail: str) -> str:
    """The review status as far as the text reveals it; the names of the steps alone reveal nothing, and what is pending is not approved."""
    about = [line for line in tail.split("\n") if re.match(r"\W*(?:this|the|our) (?:article|content|page)\b", line, re.I)]
    said = "\n".join([line for line in head.split("\n") if line.strip().lower() not in _STEPS] + about)
    if _PENDING.search(said):
        return "under review"
    approved = _APPROVED.search(said)
    if approved and not _NOT_YET.search(approved[0]):
        return "approved"
    stated = re.search(r"(?:review )?status:[ \t]*([A-Za-z ]+)", head, re.I)
    return stated[1].strip().lower() if stated and stated[1].strip().lower() in _STEPS else "unknown"


def _updated_line(line: Line) -> str:
    return _updated(line.text) if _DATE.match(line.bare.lstrip("#*_ ")) else ""


def _updated(head: str) -> str:
    match = _DATE.search(head)
    if not match:
        return ""
    for form in ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(match["date"].replace(".", ""), form).date().isoformat()
        except ValueError:
            continue
    return ""


class _Page(NamedTuple):
    text: str
    lines: tuple[Line, ...]
    headings: tuple[Line, ...]


def _sections(page: _Page, start: int, end: int, listed: int) -> tuple[Section, ...]:
    """The sections; when numbers far above the others were taken for citations, once more without these."""
    found = tuple(_cut(page, start, end, 99))
    numbers = [number for section in found for block in section.blocks for number in block.citations]
    limit = highest(numbers, listed)
    return found if all(int(number) <= limit for number in numbers) else tuple(_cut(page, start, end, limit))


def _cut(page: _Page, start: int, end: int, limit: int) -> Iterator[Section]:
    text, lines = page.text, page.lines
    inside = [line for line in page.headings if start <= line.start < end]
    starts = [line.start for line in lines]

    def between(first: int, last: int) -> Sequence[Line]:
        return lines[bisect_left(starts, first) : bisect_left(starts, last)]

    first_text = next((line for line in lines if line.start >= start and line.bare), None)
    if first_text and first_text.start < end and (not inside or first_text.start < inside[0].start):
        stop = inside[0].start if inside else end
        blocks = tuple(_blocks(text, between(first_text.start, stop), limit))
        if any(block.text.endswith(".") or block.citations for block in blocks):
            yield Section("", Span(first_text.start, stop), blocks)
    for number, heading in enumerate(inside):
        stop = inside[number + 1].start if number + 1 < len(inside) else end
        below = between(heading.start + 1, stop)
        marks = _HEADING.match(heading.bare)
        name = re.sub(r"\s+#+$", "", _HEADING.sub("", heading.bare))
        yield Section(name, Span(heading.start, stop), tuple(_blocks(text, below, limit)), len(marks["marks"]) if marks else 0)


def _blocks(text: str, lines: Sequence[Line], limit: int) -> Iterator[Block]:
    """Paragraphs, lead-ins, bullets and steps. A list item runs over unindented continuation lines only when no blank line intervenes."""
    group: list[Line] = []
    indents: list[int] = []
    for line in [*lines, Line("", len(text))]:
        starts_item = bool(_BULLET.match(line.text))
        if group and (not line.bare or starts_item):
            yield _block(text, group, indents, limit)
            group = []
        if line.bare:
            group.append(line)


def _block(text: str, group: Sequence[Line], indents: list[int], limit: int) -> Block:
    first, last = group[0], group[-1]
    item = _BULLET.match(first.text)
    start = first.start + (item.end() if item else len(first.text) - len(first.text.lstrip()))
    end = last.end
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
    if any(int(number) > limit for number in numbers) and "[" not in text[span.end : end]:
        span, numbers = Span(start, end), ()
    content = span.of(text)
    kind = "step" if item and item["step"] else "bullet" if item else "lead-in" if content.endswith(":") else "paragraph"
    return Block(kind, level, item["step"] or "" if item else "", content, span, numbers)


def _listed(lines: Sequence[Line], heading: Line | None, later: Sequence[Line | None], text: str) -> tuple[ListedReference, ...]:
    """Entries of a list that prints a kind, a title and a "Journal, year" line, each on its own; or one entry a line, numbered or not."""
    if heading is None:
        return ()
    end = min([at.start for at in later if at and at.start > heading.start] or [len(text)])
    rows = []
    for line in lines:
        if heading.start < line.start < end and line.bare:
            if _FOOTER.match(_name(line)):
                break
            rows.append(line)
    return tuple(_entries(rows))


def _entries(rows: Sequence[Line]) -> Iterator[ListedReference]:
    kind, at = "", 0
    while at < len(rows):
        row = rows[at]
        label, bare = _labelled(row)
        at += 1
        if _KIND.fullmatch(_name(row)):
            kind = _HEADING.sub("", row.bare)
            continue
        below = rows[at] if at < len(rows) else None
        source = _labelled(below)[1] if below and not _KIND.fullmatch(_name(below)) and not _labelled(below)[0] else ""
        dated = re.fullmatch(r"(?P<source>.+?),?\s*\(?(?P<year>(?:19|20)\d{2})\)?\.?", source)
        whole = _one_line(bare) if label or not kind else None
        if below and not label and source and (dated or (kind and not whole)):
            at += 1
            span = Span(row.start + row.text.index(bare), below.end)
            yield ListedReference(
                kind, bare, dated["source"].rstrip(", ") if dated else source, int(dated["year"]) if dated else None, span
            )
        elif whole or kind or label:
            yield ListedReference(kind, bare, "", whole, Span(row.start + row.text.index(bare), row.end), label)


def _labelled(row: Line) -> tuple[str, str]:
    """The printed number of an entry, if it has one, and its words."""
    match = re.match(r"(?:\[?(?P<number>\d{1,3})[.)\]]|[•*-])\s+(?=\S)", row.bare)
    return (match["number"] or "", row.bare[match.end() :]) if match else ("", row.bare)


def _one_line(bare: str) -> int | None:
    """The year of an entry that stands on one line with its source; None for a line too short to be one."""
    years = re.findall(r"(?<![\d-])(?:19|20)\d{2}(?![\d-])", bare) if len(bare) > _LONGEST_HEADING // 2 else []
    return int(years[-1]) if years else None


def _below(text: str, lines: Sequence[Line], heading: Line | None, later: Sequence[Line], *, with_heading: bool = False) -> str:
    """What stands below a heading, up to the next part of the page or what follows every page."""
    if heading is None:
        return ""
    opened = re.match(r"\s*(?:\w+ ){0,2}disclaimer\s*[:–—]\s*(?=\S)", heading.text, re.I)
    start = heading.start + (0 if with_heading else opened.end() if opened else len(heading.text))
    footer = next((line for line in lines if line.start > heading.start and _FOOTER.match(_name(line))), None)
    end = min([at.start for at in [*later, *([footer] if footer else [])] if at.start > heading.start] or [len(text)])
    return text[start:end].strip()
