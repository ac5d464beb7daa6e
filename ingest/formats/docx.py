"""Word documents → text: headings by style, lists by numbering, tables row by row; deleted and hidden runs left out.

The archive is judged by its directory before anything is unpacked, and each part is read up to a limit.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from ingest.formats.model import Extract, Piece, assemble, authors_of, doi_in, index, kind_of, power, tidy, with_title, year_in
from sequitur.errors import CorpusError

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST_ENTRIES = 5_000
_MOST_UNPACKED = 300_000_000
_MOST_PART = 40_000_000
_MOST_ELEMENTS = 600_000
_OUTSIDE = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[A-Za-z]:|\x00")
_SYMBOLS = {
    "B3": "≥",
    "A3": "≤",
    "B1": "±",
    "6D": "µ",
    "B4": "×",
    "B0": "°",
    "B7": "•",
    "2D": "−",
    "61": "α",
    "62": "β",
    "67": "γ",
    "44": "Δ",
}


def read(data: bytes, *, keep_citations: bool) -> Extract:
    """A Word document.

    Raises:
        CorpusError: not a Word document, encrypted, or an archive made to do harm; the message says which.
    """
    with _archive(data) as archive:
        try:
            names = set(archive.namelist())
            if "word/document.xml" not in names:
                message = "a ZIP archive without word/document.xml: not a Word document"
                raise CorpusError(message)
            styles = _heading_styles(_part(archive, "word/styles.xml")) if "word/styles.xml" in names else {}
            core = _core(_part(archive, "docProps/core.xml")) if "docProps/core.xml" in names else {}
            ordered = _ordered(_part(archive, "word/numbering.xml")) if "word/numbering.xml" in names else frozenset()
            body = _Body(styles, ordered, keep_citations=keep_citations)
            pieces = body.pieces(_part(archive, "word/document.xml"))
        except DefusedXmlException as error:
            message = f"its XML defines entities of its own ({type(error).__name__}); they are never expanded"
            raise CorpusError(message) from error
        except (ParseError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, LookupError, OSError) as error:
            message = f"a damaged Word document ({type(error).__name__})"
            raise CorpusError(message) from error
    heading = next((piece.text for piece in pieces if piece.kind == "heading" and piece.level == 1), "")
    title = core.get("title", "") or heading
    pieces = with_title(title, pieces)
    text = assemble(pieces)[0] if pieces else ""
    notes = (f"{body.hidden} characters of hidden text were left out",) if body.hidden else ()
    authors = authors_of(core.get("creator", "").split(";"))
    return Extract(text, title, authors, year_in(core.get("created", "")), doi=doi_in(text[:5000]), kind=kind_of(title), notes=notes)


def _archive(data: bytes) -> zipfile.ZipFile:
    """The archive, once its directory has shown nothing suspicious."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        message = f"a damaged ZIP archive ({type(error).__name__})"
        raise CorpusError(message) from error
    entries = archive.infolist()
    reasons = (
        (len(entries) > _MOST_ENTRIES, f"an archive of {len(entries)} entries"),
        (sum(entry.file_size for entry in entries) > _MOST_UNPACKED, f"unpacks to more than {_MOST_UNPACKED // 1_000_000} MB"),
        (any(_OUTSIDE.search(entry.filename) for entry in entries), "an archive with paths that lead outside of it"),
        (any(entry.external_attr >> 28 == 0xA for entry in entries), "an archive with symbolic links"),
        (any(entry.flag_bits & 0x1 for entry in entries), "encrypted"),
        (len({entry.filename for entry in entries}) < len(entries), "an archive with two entries of one name"),
    )
    for holds, reason in reasons:
        if holds:
            raise CorpusError(reason)
    return archive


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One part, unpacked up to the limit whatever the directory says of its size."""
    with archive.open(name) as stream:
        data = stream.read(_MOST_PART + 1)
    if len(data) > _MOST_PART:
        message = f"{name} unpacks to more than {_MOST_PART // 1_000_000} MB"
        raise CorpusError(message)
    return data


def _core(data: bytes) -> dict[str, str]:
    return {str(child.tag).rpartition("}")[2]: tidy(child.text or "") for child in fromstring(data)}


def _heading_styles(data: bytes) -> dict[str, int]:
    """Style ids of headings with their levels; a style may be based on another."""
    levels: dict[str, int] = {}
    for style in fromstring(data).iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        match = re.fullmatch(r"(?:heading (\d)|title)", (name.get(f"{_W}val") or "").lower() if name is not None else "")
        based = style.find(f"{_W}basedOn")
        if match:
            levels[style.get(f"{_W}styleId") or ""] = int(match[1] or 1)
        elif based is not None and based.get(f"{_W}val") in levels:
            levels[style.get(f"{_W}styleId") or ""] = levels[based.get(f"{_W}val") or ""]
    return levels


def _ordered(data: bytes) -> frozenset[tuple[str, str]]:
    """The (numbering, level) pairs that count rather than show a bullet."""
    root = fromstring(data)
    counting = {
        (abstract.get(f"{_W}abstractNumId") or "", level.get(f"{_W}ilvl") or "0")
        for abstract in root.iter(f"{_W}abstractNum")
        for level in abstract.iter(f"{_W}lvl")
        if _value(level.find(f"{_W}numFmt")) not in {"bullet", "none", ""}
    }
    links = {number.get(f"{_W}numId") or "": _value(number.find(f"{_W}abstractNumId")) for number in root.iter(f"{_W}num")}
    return frozenset((number, level) for number, abstract in links.items() for known, level in counting if known == abstract)


def _value(element: Element | None) -> str:
    return element.get(f"{_W}val") or "" if element is not None else ""


class _Body:
    """Reads document.xml as a stream; what is read is let go of."""

    def __init__(self, styles: dict[str, int], ordered: frozenset[tuple[str, str]], *, keep_citations: bool) -> None:
        self.hidden = 0
        self._styles = styles
        self._ordered = ordered
        self._keep = keep_citations
        self._counts: dict[tuple[str, int], int] = {}

    def pieces(self, data: bytes) -> list[Piece]:
        """The paragraphs and table rows in order."""
        found: list[Piece] = []
        cells: list[str] = []
        tables = elements = fallbacks = 0
        for event, element in iterparse(io.BytesIO(data), events=("start", "end")):
            elements += 1
            if elements > 2 * _MOST_ELEMENTS:
                message = f"more than {_MOST_ELEMENTS} elements"
                raise CorpusError(message)
            name = str(element.tag).rpartition("}")[2]
            step = 1 if event == "start" else -1
            tables += step * (name == "tbl")
            fallbacks += step * (name == "Fallback")  # the same text once more, for old programs
            if event == "start":
                continue
            if name == "p" and not fallbacks:
                piece = self._paragraph(element)
                cells += [piece.text] if tables and piece.text else []
                found += [piece] if piece.text and not tables else []
            elif name == "tr" and cells:
                found.append(Piece("row", " | ".join(cells)))
                cells = []
            if name in {"p", "tr", "tbl", "Fallback"}:
                element.clear()
        return found

    def _paragraph(self, element: Element) -> Piece:
        text = tidy("".join(self._runs(element)))
        properties = element.find(f"{_W}pPr")
        if properties is None:
            return Piece("paragraph", text)
        level = self._styles.get(_value(properties.find(f"{_W}pStyle")), 0)
        if level:
            return Piece("heading", text, level)
        numbering = properties.find(f"{_W}numPr")
        number = _value(numbering.find(f"{_W}numId")) if numbering is not None else "0"
        if number == "0" or numbering is None:
            return Piece("paragraph", text)
        depth = _value(numbering.find(f"{_W}ilvl")) or "0"
        return Piece("item", text, int(depth[:1]) if depth[:1].isdigit() else 0, self._label(number, depth) if text else "")

    def _label(self, number: str, depth: str) -> str:
        """The number of a counted item; deeper counts begin again."""
        if (number, depth) not in self._ordered:
            return ""
        level = int(depth[:1]) if depth[:1].isdigit() else 0
        self._counts = {key: count for key, count in self._counts.items() if key[0] != number or key[1] <= level}
        count = self._counts[number, level] = self._counts.get((number, level), 0) + 1
        return f"{count}."

    def _runs(self, element: Element) -> Iterator[str]:
        before = ""
        for run in element.iter(f"{_W}r"):
            text = "".join(_run_text(run))
            properties = run.find(f"{_W}rPr")
            if properties is not None and properties.find(f"{_W}vanish") is not None:
                self.hidden += len(text)
                continue
            place = _value(properties.find(f"{_W}vertAlign")) if properties is not None else ""
            said = self._raised(text, place, before)
            before = (before + said)[-8:]
            yield said

    def _raised(self, text: str, place: str, before: str) -> str:
        """Raised figures are powers behind a number or unit, and citation numbers elsewhere."""
        bare = text.strip()
        if place == "subscript":
            return index(text)
        if place != "superscript" or bare.strip("0123456789+-−–,; []"):
            return text
        if raised := power(before, bare):
            return raised
        return (f" {bare.strip('[]')}" if before[-1:].strip() else bare) if self._keep else ""


def _run_text(run: Element) -> Iterator[str]:
    for child in run:
        name = str(child.tag).rpartition("}")[2]
        if name == "t":
            yield child.text or ""
        elif name in {"tab", "br", "cr"}:
            yield " "
        elif name == "noBreakHyphen":
            yield "-"
        elif name == "sym":
            yield _SYMBOLS.get((child.get(f"{_W}char") or "").upper()[-2:], "\ufffd") if child.get(f"{_W}font") == "Symbol" else "\ufffd"
