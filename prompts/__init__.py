"""Prompt templates: Markdown files with `$name` variables, strictly checked."""

from __future__ import annotations

import hashlib
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent


ANSWERING = ("answer", "condense")  # what a model is given on the way to an answer


def names() -> tuple[str, ...]:
    """The prompts there are, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.md")))


def render(name: str, **variables: str) -> str:
    """The prompt `name` with every `$variable` filled in.

    Raises:
        LookupError: the prompt does not exist, or a variable is missing or unknown; all are named in one message.
    """
    template = Template(_read(name))
    wanted = set(template.get_identifiers())
    missing, unknown = sorted(wanted - variables.keys()), sorted(variables.keys() - wanted)
    if missing or unknown:
        message = f"prompt {name!r}: missing {missing}, unknown {unknown}"
        raise LookupError(message)
    return template.substitute(variables)


def digest(name: str) -> str:
    """The first 12 hex digits of the sha256 of the prompt file, to name it in records."""
    return hashlib.sha256(_read(name).encode()).hexdigest()[:12]


def _read(name: str) -> str:
    path = _FOLDER / f"{name}.md"
    if name not in names():
        message = f"no prompt {name!r}; there are {', '.join(names())}"
        raise LookupError(message)
    return path.read_text(encoding="utf-8")
