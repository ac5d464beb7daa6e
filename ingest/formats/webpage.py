"""Saved web pages → text: what a reader sees, in order; scripts, menus and hidden text left out and counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree, html

from ingest.formats.decoding import decode
from ingest.formats.model import Extract, Piece, assemble, authors_of, doi_in, index, kind_of, power, tidy, with_title, year_in
from sequitur.errors import CorpusError

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_DROPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "select",
        "option",
        "input",
        "textarea",
        "nav",
        "dialog",
        "head",
        "map",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NUMBERS = re.compile(r"\A\[?\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*,?\s*\]?")
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|opacity:0(?:\.0+)?(?:;|$)|font-size:0|(?<![-\w])color:(?:#fff(?:fff)?|white|rgb\(255,255,255\))(?:;|$|!)|"
    r"text-indent:-\d{3,}|left:-\d{3,}"
)
_HIDING = re.compile(r"\.([\w-]{1,60})\s{0,4}\{[^{}]{0,500}?(?:display:\s{0,4}none|visibility:\s{0,4}hidden)")
_HEAD_WORDS = re.compile(
    r"educational purpose|exercise caution|pending .{0,20}review|last updated|advisory board|review status|submitted$|under review$|approved$",
    re.I,
)


def read(data: bytes, *, keep_citations: bool) -> Extract:
    """A saved page. Of an article the citation numbers are kept, a space before them; of a reference they are dropped.

    Raises:
        CorpusError: there is no page in it, or its encoding is not certain.
    """
    declared = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{1,30})", data[:4096], re.IGNORECASE)
    text, notes = decode(
        data.replace(b"\0", b"") if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} else data, declared[1].decode() if declared else ""
    )
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        message = "holds no page, or one too large to be read"
        raise CorpusError(message) from error
    meta = _meta(root)
    walker = _Walker(keep_citations=keep_citations, hiding=frozenset(_HIDING.findall(" ".join(root.xpath("//style/text()"))[:1_000_000])))
    pieces = walker.pieces(root if keep_citations else _main(root))
    heading = next((piece.text for piece in pieces if piece.kind == "heading" and piece.level == 1), "")
    title = _first(meta, "citation_title", "dc.title") or heading or _first(meta, "og:title") or tidy(root.findtext(".//title") or "")
    pieces = _from_title(pieces) if keep_citations else with_title(title, pieces)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        notes = (*notes, "nested too deeply: what stands deeper than 256 levels was left out")
    if walker.hidden:
        notes = (*notes, f"{walker.hidden} characters of hidden text were left out")
    date = _first(meta, "citation_publication_date", "citation_date", "citation_year", "dc.date", "article:published_time")
    return Extract(
        text=assemble(pieces)[0] if pieces else "",
        title=heading or title if keep_citations else title,
        authors=authors_of(meta.get("citation_author", []) or meta.get("dc.creator", [])),
        year=year_in(date),
        journal=_first(meta, "citation_journal_title", "citation_journal_abbrev", "prism.publicationname"),
        doi=doi_in(_first(meta, "citation_doi", "dc.identifier", "prism.doi")),
        pmid=re.sub(r"\D", "", _first(meta, "citation_pmid")),
        url=_first(meta, "citation_public_url", "citation_abstract_html_url", "og:url"),
        kind=kind_of(title),
        notes=notes,
    )


def _meta(root: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in root.iter("meta"):
        name = (tag.get("name") or tag.get("property") or "").lower()
        if name and tag.get("content"):
            found.setdefault(name, []).append(tidy(tag.get("content", "")))
    return found


def _first(meta: dict[str, list[str]], *names: str) -> str:
    return next((meta[name][0] for name in names if meta.get(name)), "")


def _main(root: etree._Element) -> etree._Element:
    """The part of the page that holds most of its text, where the page marks one."""
    whole = len("".join(root.itertext()))
    parts = [part for name in ("main", "article") for part in root.iter(name)]
    best = max(parts, key=lambda part: len("".join(part.itertext())), default=root)
    return best if 2 * len("".join(best.itertext())) > whole else root


def _from_title(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces from the page's title on; what the page says of its review above it comes behind it."""
    at = next((number for number, piece in enumerate(pieces) if piece.kind == "heading" and piece.level == 1), None)
    if at is None:
        return list(pieces)
    above = [Piece("paragraph", piece.text) for piece in pieces[:at] if _HEAD_WORDS.search(piece.text)]
    return [pieces[at], *above, *pieces[at + 1 :]]


class _Walker:
    """Goes through a page without recursion, gathering inline text until a block begins or ends."""

    def __init__(self, *, keep_citations: bool, hiding: frozenset[str]) -> None:
        self.hidden = 0
        self._keep = keep_citations
        self._hiding = hiding
        self._found: list[Piece] = []
        self._text: list[str] = []
        self._lists: list[int] = []  # for each open list the number of its next step, 0 for bullets
        self._item: Piece | None = None
        self._level = 0  # of the open heading
        self._cells: list[str] | None = None

    def pieces(self, root: etree._Element) -> list[Piece]:
        """Everything a reader sees of `root`."""
        events = etree.iterwalk(root, events=("start", "end"))
        skipped: etree._Element | None = None
        for event, element in events:
            if skipped is not None:
                if event == "end" and element is skipped:
                    skipped = None
                    self._add(element.tail)
                continue
            if event == "start" and self._left_out(element):
                skipped = element
                events.skip_subtree()
            elif event == "start":
                self._start(element)
            else:
                self._end(element)
                self._add(element.tail if element is not root else None)
        self._flush()
        return self._found

    def _left_out(self, element: etree._Element) -> bool:
        """Scripts, menus and what is hidden; numbers that cite are dealt with here as a whole."""
        name = element.tag if isinstance(element.tag, str) else "script"
        said = "".join(element.itertext()) if name in {"sup", "sub", "a", "button", "cite"} else ""
        if said and self._small(element, name, said):
            return True
        if name in _DROPPED or name == "button" or (name in {"header", "footer", "aside"} and not self._keep):
            return True
        style = re.sub(r"\s", "", element.get("style") or "").lower()
        classes = set((element.get("class") or "").split())
        if "hidden" in element.attrib or element.get("aria-hidden") == "true" or _HIDDEN.search(style) or classes & self._hiding:
            self.hidden += len(tidy("".join(element.itertext())))
            return True
        return False

    def _small(self, element: etree._Element, name: str, said: str) -> bool:
        """Raised and lowered figures, and links that are nothing but a citation number."""
        bare = tidy(said)
        before = "".join(self._text[-4:])
        raised = power(before, bare) if name == "sup" and element.find(".//a") is None else ""
        if raised or name == "sub":
            self._text.append(raised or index(bare))
            return True
        if name == "a" and not _looks_like_citation(element):
            return False
        if not _NUMBERS.fullmatch(bare):
            return False
        if self._keep:
            glue = ", " if re.search(r"(?<![\d.])\d{1,2}$", before) and self._cited else "" if before[-1:].isspace() else " "
            self._text.append(f"{glue}{bare.strip('[], ')}")
            self._cited = True
        return True

    _cited = False

    def _start(self, element: etree._Element) -> None:
        name = str(element.tag)
        if name in _HEADINGS or name in _BLOCKS:
            self._flush()
        if name in _HEADINGS:
            self._level = _HEADINGS[name]
        elif name in {"ul", "ol"}:
            self._lists.append(_start_of(element) if name == "ol" else 0)
        elif name == "li":
            self._begin_item()
        elif name == "tr" and _is_data(element):
            self._cells = []
        self._add(element.text)

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        self._item = Piece("item", "", max(0, len(self._lists) - 1), f"{number}." if number else "")

    def _end(self, element: etree._Element) -> None:
        name = str(element.tag)
        if name == "br":
            self._text.append("\n")
        elif name in {"td", "th"} and self._cells is not None:
            self._cells.append(tidy("".join(self._text)))
            self._text = []
        elif name == "tr" and self._cells is not None:
            row = " | ".join(cell for cell in self._cells if cell)
            self._cells = None
            self._found += [Piece("row", row)] if row else []
        elif name in _BLOCKS or name in _HEADINGS:
            self._flush()
        if name in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if name in _HEADINGS:
            self._level = 0
        if name == "li":
            self._item = None

    def _add(self, text: str | None) -> None:
        if text:
            self._text.append(re.sub(r"\s+", " ", text))
            self._cited = self._cited and not text.strip(", ;–-")

    def _flush(self) -> None:
        if self._cells is not None:
            self._text.append(" ")
            return
        text = "\n".join(line for line in map(tidy, "".join(self._text).split("\n")) if line)
        self._text = []
        if not text:
            return
        if self._level:
            self._found.append(Piece("heading", tidy(text), self._level))
        elif self._item:
            self._found.append(Piece("item", text, self._item.level, self._item.label))
            self._item = Piece("more", "", self._item.level) if self._item.kind == "item" else self._item
        else:
            self._found.append(Piece("paragraph", text))


def _looks_like_citation(element: etree._Element) -> bool:
    """Whether a link leads to a reference of the page or stands raised."""
    return (element.get("href") or "#").startswith("#") or bool(re.search(r"\b(?:ref|cit|bib)", element.get("class") or ""))


def _start_of(element: etree._Element) -> int:
    start = element.get("start") or "1"
    return int(start) if re.fullmatch(r"\d{1,3}", start) else 1


def _is_data(row: etree._Element) -> bool:
    """Whether a table row holds data; a table that lays out a page holds headings, lists or tables."""
    inner: Iterator[etree._Element] = row.iter("h1", "h2", "h3", "h4", "ul", "ol", "table")
    return next(inner, None) is None
