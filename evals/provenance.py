"""What a run was made with: commit, code, corpus, index, models, prompts, gold and seed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import prompts
from evals.cases import Case
from sequitur.assemble import Assembly
from sequitur.schema import Document
from sequitur.settings import Settings

_ROOT = Path(__file__).resolve().parent.parent
_CODE = ("sequitur", "prompts", "evals")
_SAID = {"llm", "llm_base_url", "emergency_number", "crisis_line", "poison_centre"}  # settings that change what is said
_SOURCES = {".py", ".tsv", ".txt", ".json", ".md"}


def provenance(assembly: Assembly, settings: Settings, cases: Sequence[Case], seed: int) -> dict[str, Any]:
    """Everything that a run's answers and figures depend on."""
    return {
        "commit": commit(),
        "code": code_digest(),
        "corpus": corpus_digest(assembly.index.documents),
        "generation": assembly.index.generation,
        "embedder": assembly.embedder.fingerprint,
        "llm": settings.llm or None,
        "settings": digest(settings.model_dump(mode="json", include=_SAID)),
        "prompts": {name: prompts.digest(name) for name in prompts.names()},
        "gold": {
            split: digest([dataclasses.asdict(case) for case in cases if case.split == split])
            for split in sorted({case.split for case in cases})
        },
        "seed": seed,
    }


def commit() -> str:
    """The commit that is checked out, with "+" where files differ from it; empty outside of a repository."""
    head = _git("rev-parse", "HEAD")
    return f"{head}+" if head and _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def code_digest() -> str:
    """Digest of the sources that decide an answer or its figures; commits that change nothing else share it."""
    found = hashlib.sha256()
    files = [path for package in _CODE for path in (_ROOT / package).rglob("*") if path.suffix in _SOURCES]
    for path in sorted(path for path in files if "runs" not in path.parts and path.name not in {"README.md", "baseline.json"}):
        found.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def corpus_digest(documents: Mapping[str, Document]) -> str:
    """Digest of the documents' texts."""
    return digest(sorted((document.id, document.sha256) for document in documents.values()))


def digest(value: object) -> str:
    """Sixteen hex digits of a JSON value."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]
