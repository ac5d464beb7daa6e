"""Documents → passages. A passage is one claim: a bullet, a step, or one sentence of a paragraph, with the heading it stands under."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.citations import expand_numbers, inline_citations, known_numbers
from sequitur.schema import REMARK, TITLE, UNCHECKED, WHOM, Article, Block, Document, Passage, Section, Span
from sequitur.text import body_start, sentences, words

_LONG_ITEM = 60
_HEADING = re.compile(r"^(?P<marks>#{1,6})\s+(?P<name>.+?)\s*$", re.MULTILINE)
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•]|\d{1,2}[.)])\s+(?=\S)")
_REMARK = re.compile(
    r"\b(?:seed article|the article (?:above|under review)|chatbot|for lookups|tell (?:the )?(?:users?|readers?)|a fair (?:reply|answer))\b",
    re.IGNORECASE,
)
_APART = re.compile(  # sections of a publication that say nothing of its subject
    r"references|bibliography|literature cited|acknowledge?ments?|funding|(?:declaration of )?(?:conflicts?|competing) (?:of )?interests?|disclosures?|"
    r"author(?:s['’]?|['’]s)? (?:contributions?|information)|data availability(?: statement)?|supplementary (?:material|data|information)|abbreviations|"
    r"publisher['’]?s note|ethics (?:approval|statement).*",
    re.IGNORECASE,
)
_LOST = re.compile("[\ufffd\ue000-\uf8ff]")  # characters that a file's fonts do not spell out
_UNCHECKED = re.compile(r"\bnot page-checked|\brecalled\b|to our recollection|rest on memory", re.IGNORECASE)


def article_passages(document: Document, article: Article) -> tuple[Passage, ...]:
    """The claims of an article. A list item keeps its lead-in and its citation numbers; a nested item keeps its step's."""
    known = known_numbers(document.text, (block for section in article.sections for block in section.blocks))
    found: list[Passage] = list(title_passage(document))
    for section in article.sections:
        for block, lead in _with_leads(section):
            found.extend(_block_passages(document, section.heading, block, lead, known))
    return tuple(found)


def _with_leads(section: Section) -> Iterator[tuple[Block, Span | None]]:
    """Each block that says something by itself, with the lead-in above it. Lead-ins and bare steps are no passages."""
    leads: dict[int, Span] = {}
    paragraph_lead: Span | None = None
    for number, block in enumerate(section.blocks):
        below = section.blocks[number + 1] if number + 1 < len(section.blocks) else None
        if block.kind == "lead-in" and below and below.kind in {"bullet", "step"}:
            paragraph_lead, leads = block.span, {}
            continue
        if block.kind == "paragraph":
            paragraph_lead, leads = None, {}
            yield block, None
            continue
        leads = {level: span for level, span in leads.items() if level < block.level}
        if block.text.endswith(":") and below and below.level > block.level:
            leads[block.level] = block.span
            continue
        yield block, leads[max(leads)] if leads else paragraph_lead


def _block_passages(document: Document, heading: str, block: Block, lead: Span | None, known: frozenset[str]) -> Iterator[Passage]:
    marks, _ = inline_citations(document.text, block.span, known)
    whole = block.kind != "paragraph" and words(block.text) <= _LONG_ITEM
    parts = [block.span] if whole else list(_marked_sentences(document.text, block.span, marks))
    starts = [mark.start for mark in marks]
    for part in parts:
        inside = marks[bisect_left(starts, part.start) : bisect_left(starts, part.end)]
        numbers = [number for mark in inside for number in expand_numbers(mark.of(document.text).strip("[]"))]
        numbers += block.citations if part is parts[-1] else ()
        yield _passage(document, part, heading, lead, inside, tuple(dict.fromkeys(numbers)))


def _marked_sentences(text: str, span: Span, marks: Sequence[Span]) -> Iterator[Span]:
    """The sentences of a paragraph; citation numbers behind a full stop belong to the sentence before them."""
    masked = list(span.of(text))
    for mark in marks:
        masked[mark.start - span.start : mark.end - span.start] = " " * (mark.end - mark.start)
    found = [Span(part.start + span.start, part.end + span.start) for part in sentences("".join(masked))]
    ends = [mark.end for mark in marks]
    for part, after in zip(found, [*found[1:], Span(span.end, span.end)], strict=True):
        behind = ends[bisect_left(ends, part.end) : bisect_right(ends, after.start)]
        yield Span(part.start, max([part.end, *behind]))


def reference_passages(document: Document) -> tuple[Passage, ...]:
    """A title passage, the population its front matter states, and the sentences and list items below each heading."""
    found: list[Passage] = list(title_passage(document))
    start = body_start(document.text)
    if document.population:
        at = document.text.find(document.population, 0, start)
        if at >= 0:
            found.append(_passage(document, Span(at, at + len(document.population)), WHOM, None))
    for heading, span in _markdown_sections(document.text, start):
        found.extend(passage for passage in _section_passages(document, heading, span) if not _LOST.search(passage.text))
    return tuple({passage.span: passage for passage in found}.values())


def title_passage(document: Document) -> Iterator[Passage]:
    """The title as it stands in the text: what the whole document is searched by. Never an answer, so it is flagged."""
    at = document.text.find(document.title) if document.title else -1
    if at >= 0:
        span = Span(at, at + len(document.title))
        yield replace(_passage(document, span, "Title", None), flags=(TITLE,))


def _markdown_sections(text: str, start: int) -> Iterator[tuple[str, Span]]:
    """Text below each heading, under the headings it is nested in ("Results: Pain"); acknowledgements, reference lists and the like are passed over."""
    path: dict[int, str] = {}
    begin = start
    for match in [*_HEADING.finditer(text, start), None]:
        stop = match.start() if match else len(text)
        names = [name for level, name in sorted(path.items()) if level > 1] or list(path.values())
        if text[begin:stop].strip() and not any(_APART.fullmatch(name.rstrip(":")) for name in names):
            yield ": ".join(names), Span(begin, stop)
        if match:
            level = len(match["marks"])
            path = {depth: name for depth, name in path.items() if depth < level} | {level: match["name"]}
            begin = match.end()


def _section_passages(document: Document, heading: str, span: Span) -> Iterator[Passage]:
    lead: Span | None = None
    for part, is_item in _paragraphs(document.text, span):
        content = part.of(document.text)
        if is_item:
            whole = words(content) <= _LONG_ITEM
            for sentence in [part] if whole else sentences(document.text, *part):
                yield _passage(document, sentence, heading, lead)
            continue
        cut = list(sentences(document.text, *part))
        lead = cut.pop() if content.endswith(":") else None
        for sentence in cut:
            yield _passage(document, sentence, heading, None)


def _paragraphs(text: str, span: Span) -> Iterator[tuple[Span, bool]]:
    """Paragraphs and list items of a section, trimmed; the bullet sign is outside."""
    group: list[tuple[int, int]] = []
    item_start: int | None = None
    position = span.start
    for line in [*span.of(text).split("\n"), ""]:
        item = _ITEM.match(line)
        if group and (not line.strip() or item):
            yield _trimmed(text, group[0][0] if item_start is None else item_start, group[-1][1]), item_start is not None
            group, item_start = [], None
        if line.strip():
            if item:
                item_start = position + item.end()
            group.append((position, position + len(line)))
        position += len(line) + 1


def _trimmed(text: str, start: int, end: int) -> Span:
    content = text[start:end]
    return Span(start + len(content) - len(content.lstrip()), end - (len(content) - len(content.rstrip())))


def _passage(
    document: Document, span: Span, section: str, lead: Span | None, marks: Sequence[Span] = (), citations: tuple[str, ...] = ()
) -> Passage:
    text = span.of(document.text)
    flags = tuple(flag for flag, pattern in ((REMARK, _REMARK), (UNCHECKED, _UNCHECKED)) if pattern.search(text))
    return Passage(
        id=f"{document.id}:{span.start}-{span.end}",
        document_id=document.id,
        span=span,
        text=text,
        section=section,
        lead=lead,
        marks=tuple(marks),
        citations=citations,
        supports=(),
        flags=flags,
    )
