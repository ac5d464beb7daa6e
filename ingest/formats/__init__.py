"""Files that are more than plain text → canonical text with what they say of themselves, read inside a limited child process.

`extract(kind, data)` starts the child (`child.py`); the readers beside it run nowhere else. The stored text is Markdown-like: `#` headings, `-` items,
one blank line between paragraphs. Offsets point into that text.
"""

from ingest.formats.decoding import decode
from ingest.formats.limited import MAX_BYTES, extract, read_entries
from ingest.formats.model import Extract
from ingest.formats.sniff import BIBLIOGRAPHY, SUFFIXES, content_kind, expected_kind

__all__ = ["BIBLIOGRAPHY", "MAX_BYTES", "SUFFIXES", "Extract", "content_kind", "decode", "expected_kind", "extract", "read_entries"]
