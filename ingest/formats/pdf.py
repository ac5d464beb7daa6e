"""PDF → text with its pages: headings by the size of their letters, lines joined to paragraphs, running heads and page numbers left out."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.formats.model import MOST_CHARACTERS, Extract, Piece, assemble, authors_of, doi_in, kind_of, power, tidy, with_title
from sequitur.errors import CorpusError

_MOST_PAGES = 2_000
_MOST_PAGE_CHARACTERS = 200_000
_LEAST_CHARACTERS = 16  # of a page that counts as text
_NAMED = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,5}\.?\s+)?(?:abstract|summary|introduction|background|objectives?|aims?|(?:materials|patients|subjects) and methods|methods?|"
    r"study design|statistical analysis|results?|findings|safety|adverse events|discussion|limitations|strengths and limitations|conclusions?|"
    r"interpretation|funding|acknowledge?ments?|references|bibliography|conflicts? of interest|appendix)\s*:?",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:[•◦▪‣●○■–]|[-*](?=\s))\s*(?=\S)")
_STEP = re.compile(r"(\d{1,2}[.)])\s+(?=[A-Z])")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})


class Line(NamedTuple):
    """One printed line: its words, the size of its letters, and whether a hyphen at its end breaks a word."""

    text: str
    size: float
    page: int
    broken: bool


def read(data: bytes, *, keep_citations: bool) -> Extract:
    """A PDF file's text layer.

    Raises:
        CorpusError: damaged, protected, too long, without text (a scan), or with text that its fonts do not spell out.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        message = "protected by a password" if "password" in str(error).lower() else "not a readable PDF: damaged or incomplete"
        raise CorpusError(message) from error
    count = len(document)
    if not 0 < count <= _MOST_PAGES:
        message = f"a PDF of {count} pages (at most {_MOST_PAGES})" if count else "a PDF without pages"
        raise CorpusError(message)
    pages = [_page(document, number, keep_citations=keep_citations) for number in range(count)]
    notes = _judged(pages)
    lines = [line for page in _without_running_heads(pages) for line in page]
    body = _body_size(lines)
    title, lines = _title(document, lines, body)
    pieces = with_title(title, [Piece("heading", title, 1, page=1), *_pieces(lines, body)] if title else list(_pieces(lines, body)))
    text, starts = assemble(pieces)
    front = text[:6000]
    dated = re.search(r"(?:published|©|\(c\)|copyright|accepted|received)[^\n]{0,60}?\b((?:19|20)\d{2})\b", front, re.IGNORECASE)
    pmid = re.search(r"\bPMID:?\s*(\d{5,8})\b", front)
    starts = (*starts, *[len(text)] * (count - len(starts)))
    return Extract(
        text=text,
        title=title,
        authors=authors_of(re.split(r"[;]| and ", tidy(document.get_metadata_value("Author")))),
        year=int(dated[1]) if dated else None,
        doi=doi_in(front),
        pmid=pmid[1] if pmid else "",
        kind=kind_of(title),
        pages=starts,
        notes=notes,
    )


def _page(document: pypdfium2.PdfDocument, number: int, *, keep_citations: bool) -> list[Line]:
    try:
        page = document[number]
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    try:
        return list(_lines(text, number + 1, keep_citations=keep_citations))
    finally:
        text.close()
        page.close()


def _lines(page: pypdfium2.PdfTextPage, number: int, *, keep_citations: bool) -> Iterator[Line]:
    """Lines as the text layer breaks them, and at the hyphens that it takes for a broken word's (U+0002)."""
    count = pdfium.FPDFText_CountChars(page)
    if count > _MOST_PAGE_CHARACTERS:
        message = f"page {number} holds more than {_MOST_PAGE_CHARACTERS} characters"
        raise CorpusError(message)
    codes = [pdfium.FPDFText_GetUnicode(page, at) for at in range(count)]
    start = 0
    for at in [*(at for at, code in enumerate(codes) if code in {10, 13}), count]:
        if at > start:
            size = round(_size(page, codes, start, at), 1)
            spelled = _spelled(page, codes, start, at, keep_citations=keep_citations)
            *broken, last = re.split("[\x02\ufffe]", spelled)
            rows = [(tidy(part).removesuffix("-"), True) for part in broken] + [(tidy(last), False)]
            yield from (Line(text.translate(_LIGATURES), size, number, cut) for text, cut in rows if text)
        start = at + 1


def _spelled(page: pypdfium2.PdfTextPage, codes: Sequence[int], start: int, end: int, *, keep_citations: bool) -> str:
    """The characters of a line; small raised figures are powers behind a number or unit, and citation numbers elsewhere."""
    parts: list[str] = []
    at = start
    while at < end:
        run = at
        while run < end and _is_figure(codes[run]):
            run += 1
        before = "".join(parts[-8:]).rstrip()
        if run > at and before and _is_raised(page, codes, at):
            while parts[-1].isspace():
                parts.pop()
            figures = "".join(map(chr, codes[at:run]))
            parts.extend(power(before, figures) or (f" {figures}" if keep_citations else ""))
            at = run
        elif run > at:
            parts.extend(map(chr, codes[at:run]))
            at = run
        else:
            parts.append(chr(codes[at]) if codes[at] else "\ufffd")
            at += 1
    return "".join(parts)


def _is_figure(code: int) -> bool:
    return 48 <= code <= 57 or code in {44, 45, 0x2013, 0x2212}


def _is_raised(page: pypdfium2.PdfTextPage, codes: Sequence[int], at: int) -> bool:
    """Whether a character is clearly smaller than the last letter or sign before it and stands higher."""
    last = next((before for before in range(at - 1, max(-1, at - 4), -1) if codes[before] != 32), -1)
    if last < 0 or codes[at] in {44, 45, 0x2013}:
        return False
    size, before = pdfium.FPDFText_GetFontSize(page, at), pdfium.FPDFText_GetFontSize(page, last)
    return 0 < size < 0.85 * before and bool(_baseline(page, at) > _baseline(page, last) + 0.15 * before)


def _baseline(page: pypdfium2.PdfTextPage, at: int) -> float:
    x, y = pdfium.c_double(), pdfium.c_double()
    pdfium.FPDFText_GetCharOrigin(page, at, x, y)
    return float(y.value)


def _size(page: pypdfium2.PdfTextPage, codes: Sequence[int], start: int, end: int) -> float:
    """The height of the line's first letter; where the font's size says nothing (1 or less), that of its box."""
    at = next((at for at in range(start, end) if chr(codes[at]).isalpha()), start)
    return float(pdfium.FPDFText_GetFontSize(page, at))


def _judged(pages: Sequence[Sequence[Line]]) -> tuple[str, ...]:
    """What has to be said of the text layer.

    Raises:
        CorpusError: there is none, or it is not one that can be quoted.
    """
    sizes = [sum(len(line.text) for line in page) for page in pages]
    empty = [number for number, size in enumerate(sizes, 1) if size < _LEAST_CHARACTERS]
    if len(empty) == len(pages):
        message = f"no text on any of its {len(pages)} page{'s' if len(pages) > 1 else ''}: a scan; recognise its text first (OCR)"
        raise CorpusError(message)
    if sum(sizes) > MOST_CHARACTERS:
        message = f"more than {MOST_CHARACTERS // 1_000_000} million characters of text"
        raise CorpusError(message)
    letters = Counter(_class(character) for page in pages for line in page for character in line.text)
    if letters["lost"] > 0.02 * letters.total():
        message = "its fonts do not say which characters they draw; recognise its text first (OCR)"
        raise CorpusError(message)
    notes = [f"no text on {_numbered(empty)}"] if empty else []
    return (
        *notes,
        *([f"{letters['lost']} characters could not be read; the sentences around them are left out"] if letters["lost"] else []),
    )


def _class(character: str) -> str:
    return "lost" if character == "\ufffd" or "\ue000" <= character <= "\uf8ff" else "read"


def _numbered(pages: Sequence[int]) -> str:
    named = ", ".join(map(str, pages[:10])) + (", …" if len(pages) > 10 else "")
    return f"page{'s' if len(pages) > 1 else ''} {named}"


def _without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without lines that come back at the same edge of at least three and half of them, and without bare page numbers.

    Pages that would lose most of their words by that keep them.
    """

    def key(line: Line) -> str:
        return re.sub(r"\d+", "#", line.text)

    edges = Counter(key(line) for page in pages for line in {*page[:2], *page[-2:]})
    often = max(3, (len(pages) + 1) // 2)
    kept = []
    for page in pages:
        last = len(page) - 1
        kept.append(
            [
                line
                for number, line in enumerate(page)
                if not ((number < 2 or number > last - 2) and (edges[key(line)] >= often or (number in {0, last} and line.text.isdigit())))
            ]
        )
    remain, whole = (sum(len(line.text) for page in some for line in page) for some in (kept, pages))
    return kept if 2 * remain > whole else [list(page) for page in pages]


def _body_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _title(document: pypdfium2.PdfDocument, lines: Sequence[Line], body: float) -> tuple[str, list[Line]]:
    """The title the file states, if it is one; else the largest letters of the first page, which are then taken out of the lines."""
    stated = tidy(document.get_metadata_value("Title"))
    if (
        len(stated) > 12
        and " " in stated
        and not re.search(r"untitled|\.(?:docx?|pdf|indd|tex|qxd)\b|microsoft word|^doi:", stated, re.IGNORECASE)
    ):
        return stated, list(lines)
    first = [line for line in lines if line.page == 1]
    largest = max((line.size for line in first if len(line.text) > 8), default=0.0)
    if not largest or largest < 1.15 * body:
        return "", list(lines)
    at = next(number for number, line in enumerate(lines) if line.size == largest and len(line.text) > 8)
    end = at
    while end < len(lines) and lines[end].page == 1 and abs(lines[end].size - largest) < 0.2 and end - at < 6:
        end += 1
    title = tidy(" ".join(line.text + ("-" if line.broken else "") for line in lines[at:end]))
    return title, [*lines[:at], *lines[end:]]


def _pieces(lines: Sequence[Line], body: float) -> Iterator[Piece]:
    """Headings, list items, and lines joined to paragraphs; a paragraph ends at a short line that ends a sentence."""
    known = Counter(word for line in lines for word in re.findall(r"[a-z]{2,}(?:-[a-z]{2,})*", line.text.lower()))
    usual = sorted(len(line.text) for line in lines)[int(len(lines) * 0.75)] if lines else 0
    group: list[Line] = []
    for number, line in enumerate(lines):
        heading = _is_heading(line, body)
        starts = _ITEM.match(line.text) or _STEP.match(line.text)
        if group and (heading or starts or _ends(group[-1], usual)):
            yield _joined(group, known)
            group = []
        if not heading:
            group.append(line)
            continue
        before = lines[number - 1] if number else None
        yield Piece(
            "heading",
            line.text.rstrip(":"),
            2 if not before or line.size >= 1.3 * body or _NAMED.fullmatch(line.text) else 3,
            page=line.page,
        )
    if group:
        yield _joined(group, known)


def _is_heading(line: Line, body: float) -> bool:
    if _NAMED.fullmatch(line.text):
        return True
    return line.size >= 1.12 * body and len(line.text) <= 120 and not line.broken and not re.search(r"[.;,]$|^[\d\W]+$", line.text)


def _ends(line: Line, usual: int) -> bool:
    return bool(re.search(r"[.!?:][\"”')\]]*$", line.text)) and len(line.text) < 0.8 * usual and not line.broken


def _joined(group: Sequence[Line], known: Counter[str]) -> Piece:
    text = group[0].text
    for before, line in itertools.pairwise(group):
        text = _rejoined(text, line.text, known) if before.broken or text.endswith("-") else f"{text} {line.text}"
    text = re.sub(r"(?<=[⁰¹²³⁴-⁹]) (?=/)", "", text)  # the gap behind a power
    item, step = _ITEM.match(text), _STEP.match(text)
    if item:
        return Piece("item", text[item.end() :], page=group[0].page)
    if step:
        return Piece("item", text[step.end() :], label=step[1], page=group[0].page)
    return Piece("paragraph", text, page=group[0].page)


def _rejoined(left: str, right: str, known: Counter[str]) -> str:
    """Two lines of which the first ends in a hyphen: a word broken by the printer, or a hyphen of its own ("placebo-controlled", "30-day")."""
    left = left.rstrip("-")
    first, second = re.search(r"[A-Za-z]+$", left), re.match(r"[a-z]+", right)
    if not first or not second:
        return f"{left}-{right}"
    whole, hyphened = (first[0] + second[0]).lower(), f"{first[0]}-{second[0]}".lower()
    own = known[hyphened] > known[whole] or (not known[whole] and known[first[0].lower()] and known[second[0]] > 1)
    return f"{left}-{right}" if own else left + right
