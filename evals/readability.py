"""How hard a text is to read: Flesch and Kincaid's grade, 0.39 words a sentence + 11.8 syllables a word - 15.59 (1975)."""

from __future__ import annotations

import re

_SILENT = re.compile(r"(?:[^laeiouycgsxz]es|[^aeiouytd]ed|[^aeiouyl]e)$")
_VOWELS = re.compile(r"[aeiouy]+")
_SPLIT = re.compile(r"(?<![cgstx])i(?=[ao](?!u))|u(?=[ao])")  # two syllables in one run of vowels: "vi-olent", "du-al", not "nation"


def grade(text: str) -> float:
    """School years of the United States that reading it takes; 0 for a text without words."""
    plain = re.sub(r"\[\d+\]|[*_>#\\]", "", text)
    sentences = [part for part in re.split(r"[.!?:]+(?:\s|$)|\n{2,}|\n- ", plain) if re.search(r"[A-Za-z]", part)]
    found = [word for part in sentences for word in re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", part)]
    if not found:
        return 0.0
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def syllables(word: str) -> int:
    """Runs of vowels, without a silent end; at least one."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    spoken = _SILENT.sub(lambda end: end.group()[0], plain) if len(plain) > 3 else plain
    return max(1, len(_VOWELS.findall(spoken)) + len(_SPLIT.findall(spoken)))
