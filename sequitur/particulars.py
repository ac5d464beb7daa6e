"""Particulars that questions ask for and answers show in other words: "how old were they?" is answered by "aged 18 to 65", "where was it done?" by "Dutch"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sequitur.text import fold, tokens


class Particular(NamedTuple):
    """Something that can be asked for, and how a passage shows it."""

    name: str
    asked: re.Pattern[str]
    shown: re.Pattern[str]


@cache
def particulars() -> tuple[Particular, ...]:
    """The list in particulars.tsv: general medicine, fitted to no corpus."""
    lines = (Path(__file__).parent / "particulars.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple(Particular(name, re.compile(asked), re.compile(shown)) for name, asked, shown in rows)


def asked_for(question: str) -> tuple[tuple[Particular, frozenset[str]], ...]:
    """The particulars that a question asks for, each with the words it does so with, in lower case."""
    text = fold(question)
    found = ((particular, [word for match in particular.asked.finditer(text) for word in tokens(match[0])]) for particular in particulars())
    return tuple((particular, frozenset(words)) for particular, words in found if words)


def showing(particular: Particular, texts: Sequence[str]) -> frozenset[int]:
    """Which of the texts show it, by their places."""
    return frozenset(place for place, text in enumerate(texts) if particular.shown.search(fold(text)))
