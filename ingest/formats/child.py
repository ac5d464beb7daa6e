"""`python -m ingest.formats.child KIND PURPOSE`: a file on stdin, JSON on stdout. Sets its own limits before it reads a byte."""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
from importlib import import_module
from typing import Any

from sequitur.errors import CorpusError

_LITTLE, _MUCH = 256 * 1024 * 1024, 512 * 1024 * 1024  # bytes of address space
_SHORT, _LONG = 5, 20  # seconds of computing
_LIMITS = {
    "pdf": (_MUCH, _LONG),
    "ris": (_LITTLE, _LONG),
    "bibtex": (_LITTLE, _LONG),
    "csl-json": (_LITTLE, _LONG),
}  # else the smaller ones
_READERS = {"pdf": "pdf", "docx": "docx", "html": "webpage", "xml": "jats"}


def main() -> None:
    """Read, and say what was found or why nothing was."""
    memory, seconds = _LIMITS.get(sys.argv[1], (_LITTLE, _SHORT))
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    try:
        answer: dict[str, Any] = {"found": _read(sys.argv[1], sys.argv[2], sys.stdin.buffer.read())}
    except CorpusError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": f"needs more than {memory // 1024**2} MB of memory to read"}
    except RecursionError:
        answer = {"refused": "nested too deeply"}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "ignore"))


def _read(kind: str, purpose: str, data: bytes) -> dict[str, Any]:
    if purpose == "entries":
        entries, problems = import_module("ingest.formats.entries").read(kind, data)
        return {"entries": entries, "problems": problems}
    found = import_module(f"ingest.formats.{_READERS[kind]}").read(data, keep_citations=purpose == "article")
    if not found.text.strip():
        message = "holds no text"
        raise CorpusError(message)
    return dataclasses.asdict(found)


if __name__ == "__main__":
    main()
