"""The child process in which files are taken apart: little memory, little time, no files to write; its end never is this process's end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ingest.formats.model import Extract
from sequitur.errors import CorpusError
from sequitur.jsonvalue import from_json

MAX_BYTES = 50_000_000
_WALL_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[2]
_SAID = {
    "pdf": "PDF",
    "docx": "Word document",
    "html": "web page",
    "xml": "JATS XML",
    "ris": "RIS",
    "bibtex": "BibTeX",
    "csl-json": "CSL-JSON",
}


def extract(kind: str, data: bytes, *, article: bool = False) -> Extract:
    """The text of a file. `article` keeps the citation numbers of a page, which in a reference are noise.

    Raises:
        CorpusError: the file cannot be read; the message is the reason.
    """
    found: Extract = from_json(Extract, _run(kind, data, "article" if article else "reference"))
    return found


def read_entries(kind: str, data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of a bibliography as CSL-JSON, and what of it could not be read.

    Raises:
        CorpusError: nothing of it can be read.
    """
    found = _run(kind, data, "entries")
    return found["entries"], found["problems"]


def _run(kind: str, data: bytes, purpose: str) -> Any:  # noqa: ANN401 - what the child's JSON holds
    command = [sys.executable, "-P", "-m", "ingest.formats.child", kind, purpose]
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_WALL_SECONDS, env=environment, check=False)  # noqa: S603 - our own interpreter and module
    except subprocess.TimeoutExpired as error:
        message = f"not read within {_WALL_SECONDS} s: damaged, or made to keep a reader busy"
        raise CorpusError(message) from error
    if done.returncode:
        raise CorpusError(_why(kind, done.returncode, done.stderr))
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise CorpusError(answer["refused"])
    return answer["found"]


def _why(kind: str, code: int, said: bytes) -> str:
    """One sentence for a child that did not answer."""
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return "took more computing time or memory than any document needs"
    if code < 0:
        return f"not a readable {_SAID[kind]}: damaged, or in need of more memory than any document is given ({signal.Signals(-code).name})"
    lines = said.decode("utf-8", "replace").strip().splitlines() or [""]
    name = lines[-1].partition(":")[0].rpartition(".")[2].strip() or "no reason given"
    return f"not a readable {_SAID[kind]} ({name})"
