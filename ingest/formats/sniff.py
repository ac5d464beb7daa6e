"""What a file is, by its first bytes; its name must agree."""

from __future__ import annotations

import re

_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "docx"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{\\rtf", "an RTF document"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
)
SUFFIXES = {
    ".md": "text",
    ".markdown": "text",
    ".txt": "text",
    ".pdf": "pdf",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xml": "xml",
    ".nxml": "xml",
}
BIBLIOGRAPHY = {".ris": "ris", ".bib": "bibtex", ".json": "csl-json"}
_SAID = {"pdf": "a PDF", "docx": "a ZIP archive", "html": "a web page", "xml": "XML", "text": "plain text"}
_NEAR = {("html", "markup"), ("xml", "markup"), ("text", "markup"), ("html", "xml"), ("text", "xml")}
_HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def expected_kind(suffix: str) -> str:
    """The kind a file's ending promises; "" for an ending that is not read."""
    return SUFFIXES.get(suffix.lower(), "")


def content_kind(data: bytes) -> str:
    """The kind its content shows: "pdf", "docx" (any ZIP), "html", "xml", "text", or words for what cannot be read."""
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    known = next((name for magic, name in _MAGIC if head.startswith(magic)), "")
    return known or _markup_kind(_opening(data))


def _markup_kind(start: str) -> str:
    if re.match(r"<(?:!doctype\s+html|html|head|body)\b", start, re.IGNORECASE):
        return "html"
    if not re.match(r"<!--|<!DOCTYPE|<\?xml|<[a-zA-Z]", start):
        return "text"
    if _HTML.search(start):
        return "html"
    return "xml" if re.match(r"<\?xml|<(?:!DOCTYPE\s+)?(?:article|pmc-articleset)\b", start) else "markup"


def _opening(data: bytes) -> str:
    wide = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "latin-1"
    return data[:4096].decode(wide, "ignore").removeprefix("\xef\xbb\xbf").lstrip()


def mismatch(suffix: str, data: bytes) -> str:
    """Why a file's ending and its content do not agree; "" when they do."""
    expected, found = expected_kind(suffix), content_kind(data)
    agrees = found == expected or (expected, found) in _NEAR
    return "" if agrees else f"named {suffix}, but its content is {_SAID.get(found, found)}"
