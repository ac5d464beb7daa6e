"""JATS XML, as PubMed Central gives it → text with its sections; the reference list and in-text reference numbers left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ingest.formats.model import Extract, Piece, assemble, index, kind_of, power, tidy, year_in
from sequitur.errors import CorpusError

_DEEPEST = 200
_SKIPPED = frozenset(
    {
        "ref-list",
        "graphic",
        "inline-graphic",
        "media",
        "object-id",
        "alternatives",
        "tex-math",
        "label",
        "supplementary-material",
        "fn-group",
    }
)
_TYPES = {
    "review-article": "review",
    "systematic-review": "systematic-review",
    "case-report": "case-series",
    "meta-analysis": "meta-analysis",
}


def read(data: bytes, *, keep_citations: bool) -> Extract:  # noqa: ARG001 - every reader is called alike
    """One article of JATS, bare or in a set of one.

    Raises:
        CorpusError: not well-formed, not JATS, several articles, or entities of its own, which are never expanded.
    """
    root = _parsed(data)
    articles = [root] if root.tag == "article" else list(root.iter("article")) if root.tag == "pmc-articleset" else []
    if len(articles) != 1:
        message = (
            f"holds {len(articles)} articles; one a file" if articles else f"XML, but not a JATS article (<{tidy(str(root.tag))[:40]}>)"
        )
        raise CorpusError(message)
    [article] = articles
    meta = article.find("./front/article-meta")
    front = meta if meta is not None else Element("article-meta")
    title = _inline(front.find("./title-group/article-title"))
    pieces = [Piece("heading", title, 1)] if title else []
    for abstract in front.findall("./abstract"):
        pieces += [Piece("heading", _inline(abstract.find("./title")) or "Abstract", 2), *_content(abstract, 3)]
    body = article.find("./body")
    pieces += _content(body, 2) if body is not None else []
    ids = {found.get("pub-id-type", ""): tidy(found.text or "") for found in front.findall("./article-id")}
    pmc = re.sub(r"\D", "", ids.get("pmc", "") or ids.get("pmcid", ""))
    return Extract(
        text=assemble(pieces)[0] if pieces else "",
        title=title,
        authors=tuple(_authors(front)),
        year=_year(front),
        journal=_inline(article.find("./front/journal-meta//journal-title")),
        doi=ids.get("doi", ""),
        pmid=ids.get("pmid", ""),
        url=f"https://pmc.ncbi.nlm.nih.gov/articles/PMC{pmc}/" if pmc else "",
        kind=_TYPES.get(article.get("article-type", ""), "") or kind_of(title),
        notes=_retraction(article, front),
    )


def _parsed(data: bytes) -> Element:
    parser = DefusedXMLParser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    parser.entity.update({name.rstrip(";"): value for name, value in html5.items() if name.endswith(";")})
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        message = f"defines entities of its own ({type(error).__name__}); they are never expanded"
        raise CorpusError(message) from error
    except (ParseError, ValueError, LookupError) as error:
        message = f"not well-formed XML ({str(error)[:80]})"
        raise CorpusError(message) from error
    return root


def _retraction(article: Element, front: Element) -> tuple[str, ...]:
    kinds = [article.get("article-type", ""), *(found.get("related-article-type", "") for found in front.iter("related-article"))]
    return ("the file says that this publication was retracted",) if any("retract" in kind for kind in kinds) else ()


def _authors(front: Element) -> Iterator[str]:
    for person in front.findall("./contrib-group/contrib"):
        name = person.find("./name")
        if person.get("contrib-type", "author") != "author":
            continue
        if name is not None:
            given = tidy(name.findtext("given-names") or "")
            initials = "".join(part[0] for part in re.split(r"[\s.-]+", given) if part)
            yield f"{tidy(name.findtext('surname') or '')} {initials}".strip()
        elif person.find("./collab") is not None:
            yield _inline(person.find("./collab"))


def _year(front: Element) -> int | None:
    years = [year_in(date.findtext("year") or "") for date in front.findall("./pub-date")]
    return min((year for year in years if year), default=None)


def _content(parent: Element, level: int, depth: int = 0) -> list[Piece]:
    """Sections, paragraphs, lists, and tables row by row below an element."""
    if depth > _DEEPEST:
        message = "nested too deeply"
        raise CorpusError(message)
    found: list[Piece] = []
    for child in parent:
        name = str(child.tag)
        if name == "sec":
            title = _inline(child.find("./title"))
            found += [*([Piece("heading", title, level)] if title else []), *_content(child, level + 1, depth + 1)]
        elif name == "list":
            found += _items(child, 0)
        elif name == "tr":
            cells = [_inline(cell) for cell in child if cell.tag in {"td", "th"}]
            found += [Piece("row", " | ".join(cell for cell in cells if cell))] if any(cells) else []
        elif name in {"p", "verse-line", "attrib"} or (name == "title" and parent.tag == "caption"):
            found += _paragraph(child)
        elif name not in {"title", *_SKIPPED}:
            found += _content(child, level, depth + 1)
    return found


def _paragraph(element: Element) -> list[Piece]:
    """A paragraph, and the lists and tables that stand inside it."""
    inner = [child for child in element if child.tag in {"list", "table-wrap", "disp-quote", "boxed-text", "fig"}]
    text = _inline(element)
    found = [Piece("paragraph", text)] if text else []
    for child in inner:
        found += _items(child, 0) if child.tag == "list" else _content(child, 6)
    return found


def _items(listed: Element, level: int) -> list[Piece]:
    found: list[Piece] = []
    ordered = listed.get("list-type") in {"order", "ordered"}
    for number, item in enumerate(listed.findall("./list-item"), 1):
        text = tidy(" ".join(_inline(child) for child in item if child.tag == "p"))
        found += [Piece("item", text, level, f"{number}." if ordered else "")] if text else []
        for child in item.iter("list") if level < _DEEPEST else ():
            if child in list(item) or any(child in list(part) for part in item if part.tag == "p"):
                found += _items(child, level + 1)
    return found


def _inline(element: Element | None) -> str:
    """The words of an element: no reference numbers, powers and indices as such."""
    if element is None:
        return ""
    parts: list[str] = []
    stack: list[tuple[Element | None, str]] = [(element, "")]
    while stack:
        node, tail = stack.pop()
        if node is None:
            parts.append(tail)
            continue
        inner, skipped = _said(node, element, "".join(parts[-3:]))
        parts.append(inner)
        if not skipped:
            for child in reversed(node):
                stack.append((None, child.tail or ""))
                stack.append((child, ""))
    text = re.sub(r"\s*[\[(][\s,;–—-]*[\])]", "", tidy("".join(parts)))  # what is left of "[12, 13]" without its numbers
    return re.sub(r"\s+([.,;:])(?=\s|$)", r"\1", text)


def _said(node: Element, outer: Element, before: str) -> tuple[str, bool]:
    """What stands before a node's children, and whether the children are left out."""
    name = str(node.tag)
    if name == "xref" and node.get("ref-type") == "bibr":
        return "", True
    if node is not outer and name in {"list", "table-wrap", "disp-quote", "boxed-text", "fig", *_SKIPPED}:
        return " ", True
    if name in {"sup", "sub"}:
        whole = tidy("".join(node.itertext()))
        bibliographic = any(child.get("ref-type") == "bibr" for child in node.iter("xref"))
        figures = (power(before, whole) or whole) if name == "sup" else index(whole)
        return ("" if bibliographic else figures), True
    return (node.text or "") + ("\n" if name == "break" else ""), False
