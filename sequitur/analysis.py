"""How text becomes terms for lexical search: American spelling, stems, hyphenated words both split and joined."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import Stemmer

from sequitur.lexicon import spelling
from sequitur.text import fold, tokens

_STEMMER = Stemmer.Stemmer("english")
_COMPOUND = re.compile(r"\b([a-z]{2,})-([a-z]{2,})\b")

# Function words and the small talk of a question; medical words are never in there.
STOPWORDS = frozenset((Path(__file__).parent / "lexicon" / "stopwords.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=50_000)
def stem(token: str) -> str:
    """The English stem of one lower-case token in American spelling."""
    return str(_STEMMER.stemWord(spelling().get(token, token)))


def stems(text: str) -> list[str]:
    """Stems of the words of a text, without stop words; `post-herpetic` gives post, herpet and postherpet."""
    found = [stem(token) for token in tokens(text) if token not in STOPWORDS]
    found.extend(stem(first + second) for first, second in compounds(text))
    return found


def compounds(text: str) -> list[tuple[str, str]]:
    """The two words of each hyphenated one, in lower case."""
    return _COMPOUND.findall(fold(text))
