"""The medical lexicon: abbreviations, brands, drug classes, lay words, synonyms and spellings, as data in this folder.

Own lists, general medicine, fitted to no corpus; see README.md beside them. A corpus adds the abbreviations it defines itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import types
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sequitur.text import tokens

_FOLDER = Path(__file__).parent
_LONGEST = 6  # words of the longest key that is looked up
SHORTHAND = (
    "shorthand"  # domain of truncations ("endpt", "comps"): what they stand for is often plain English, which is not to be shortened
)

# Abbreviations that are everyday words when written small: expanded only as printed in capitals.
_WORDS = frozenset(
    [
        "a",
        "ace",
        "aid",
        "aids",
        "all",
        "am",
        "an",
        "and",
        "are",
        "arm",
        "as",
        "at",
        "be",
        "bed",
        "but",
        "by",
        "can",
        "cap",
        "car",
        "cat",
        "do",
        "dry",
        "ed",
        "for",
        "gas",
        "go",
        "had",
        "has",
        "he",
        "her",
        "his",
        "hit",
        "ii",
        "in",
        "is",
        "it",
        "la",
        "led",
        "lie",
        "low",
        "map",
        "me",
        "men",
        "ms",
        "my",
        "no",
        "not",
        "of",
        "off",
        "on",
        "or",
        "our",
        "out",
        "pad",
        "pan",
        "pap",
        "past",
        "pen",
        "pet",
        "pt",
        "ran",
        "raw",
        "red",
        "rip",
        "sad",
        "see",
        "set",
        "she",
        "sip",
        "sit",
        "so",
        "sol",
        "spa",
        "tab",
        "ten",
        "tip",
        "to",
        "toe",
        "up",
        "us",
        "van",
        "vs",
        "was",
        "we",
        "who",
    ]
)

# Words that stand in the names of drugs and name none by themselves.
_NO_DRUGS = frozenset(
    ["acid", "alfa", "beta", "carbonate", "diane", "forte", "juice", "live", "omega", "oxide", "silver", "sulfate", "theo", "with"]
)

# How far an expansion may stand in for what was typed.
WEIGHTS = {
    "spelling": 1.0,
    "brand": 1.0,
    "abbreviation": 0.9,
    "corpus": 0.9,
    "lay": 0.8,
    "synonym": 0.7,
    "expansion": 0.6,
    "class": 0.4,
    "member": 0.35,
    "weak": 0.3,
}


class Expansion(NamedTuple):
    """Another wording of a term, as normalised words, and how far it may stand in for it (0..1)."""

    words: tuple[str, ...]
    kind: str
    weight: float
    domain: str


class Match(NamedTuple):
    """A lexicon key found in a question: token positions [start, end) and its expansions."""

    start: int
    end: int
    words: tuple[str, ...]
    expansions: tuple[Expansion, ...]


class Lexicon:
    """Look-up of terms by their normalised words."""

    def __init__(self, extra: Mapping[str, str] | None = None) -> None:
        """`extra`: abbreviations that the corpus defines, with their long forms; they win over the general list."""
        self._entries: dict[tuple[str, ...], list[Expansion]] = {}
        self._capitals: dict[str, list[Expansion]] = {}
        self._american = spelling()
        self.drugs: set[str] = set()
        self.classes: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for short, long in (extra or {}).items():
            self._abbreviation(short, long, "corpus", "corpus")
        self._load_abbreviations()
        self._load_drugs()
        self._first, self._entries = self._entries, {}
        self._load_synonyms()
        self._last, self._entries = self._entries, {}
        self._lay = _by_key("lay")
        self.drugs = {word for word in self.drugs - _NO_DRUGS if len(word) > 3 and word.isalpha()}
        self.words = frozenset(word for part in (self._first, self._last) for key in part for word in key).union(*map(str.split, self._lay))
        self.words -= {row["abbr"] for row in _rows("abbreviations") if row["domain"] == SHORTHAND}

    def american(self, token: str) -> str:
        """The American spelling of one lower-case token."""
        return self._american.get(token, token)

    def normal(self, text: str) -> tuple[str, ...]:
        """The words of a text as keys are stored: lower case, American spelling."""
        american = self._american.get
        return tuple([american(token, token) for token in tokens(text)])

    def expansions(self, words: Sequence[str]) -> tuple[Expansion, ...]:
        """Expansions of a term, with or without a plural `s`; empty when unknown."""
        key = tuple(words)
        return self._known(key) or self._known(_singular(key))

    def find(self, typed: Sequence[str], printed: Sequence[str] = ()) -> list[Match]:
        """Lexicon keys in a question, longest first and without overlap, in order of position.

        `typed`: normalised tokens; `printed`: the same tokens as the user wrote them, so that capitals tell `MS` from `ms`.
        """
        found: list[Match] = []
        position = 0
        while position < len(typed):
            match = self._at(typed, printed, position)
            if match:
                found.append(match)
                position = match.end
            else:
                position += 1
        return found

    def is_drug(self, words: Iterable[str]) -> bool:
        """Whether any of the words names a drug or a drug class."""
        return any(word in self.drugs or word.rstrip("s") in self.drugs for word in words)

    def is_class(self, words: Sequence[str]) -> bool:
        """Whether the words are the name of a drug class, with or without a plural `s` or "agent" behind it."""
        name = tuple(words[:-1] if len(words) > 1 and words[-1] in {"agent", "agents", "drug", "drugs"} else words)
        return bool(name) and not self.classes.keys().isdisjoint({name, _singular(name), (*name[:-1], f"{name[-1]}s")})

    def _at(self, typed: Sequence[str], printed: Sequence[str], position: int) -> Match | None:
        for length in range(min(_LONGEST, len(typed) - position), 0, -1):
            words = tuple(typed[position : position + length])
            found = self.expansions(words)
            if length == 1 and printed and printed[position].isupper():
                found = (*self._capitals.get(words[0], ()), *found)
            if found:
                return Match(position, position + length, words, found)
        return None

    def _add(self, term: tuple[str, ...], other: tuple[str, ...], kind: str, domain: str = "", weight: float | None = None) -> None:
        if not term or not other or term == other or len(term) > _LONGEST:
            return
        entry = Expansion(other, kind, WEIGHTS[kind] if weight is None else weight, domain)
        known = self._entries.setdefault(term, [])
        if all(present.words != other for present in known):
            known.append(entry)

    def _abbreviation(self, short: str, long: str, domain: str, kind: str) -> None:
        key, words = self.normal(short), self.normal(long)
        if len(key) == 1 and key[0] in _WORDS:
            self._capitals.setdefault(key[0], []).append(Expansion(words, kind, WEIGHTS[kind], domain))
            return
        self._add(key, words, kind, domain)
        if domain != SHORTHAND:
            self._add(words, key, kind, domain)

    def _load_abbreviations(self) -> None:
        rows = sorted(_rows("abbreviations"), key=lambda row: row["domain"] != "trial_stats")
        for row in rows:
            if row["rank"] == "1" and not self._entries.get(self.normal(row["abbr"])):
                self._abbreviation(row["abbr"], row["expansion"], row["domain"], "abbreviation")

    def _load_drugs(self) -> None:
        for row in _rows("brands"):
            if row["flag"] != "common-word":
                brand, generic = self.normal(row["brand"]), self.normal(row["generic"])
                self._add(brand, generic, "brand", "drugs")
                self.drugs.update(brand, generic)
        for row in _rows("classes"):
            name, member = self.normal(row["class"]), self.normal(row["member"])
            self.drugs.add(member[-1])
            self.classes.setdefault(name, set()).add(member)
            for form in {name, _singular(name)}:
                self._add(form, member, "member", "drugs")
                self._add(member, form, "class", "drugs")
            for short in filter(None, row["abbr"].split(";")):
                self._add(self.normal(short), name, "abbreviation", "drugs")

    def _known(self, key: tuple[str, ...]) -> tuple[Expansion, ...]:
        """The expansions of exactly that key: abbreviations and drugs, then lay words, then synonyms, each wording once. Put together when first asked for."""
        if key not in self._entries:
            self._entries[key] = list(self._first.get(key, ()))
            for line in self._lay.get(" ".join(key), ()):
                _, clinical, domain, strength, *_ = line.split("\t")
                self._add(key, self.normal(clinical), "lay" if strength == "strong" else "weak", domain)
            for entry in self._last.get(key, ()):
                self._add(key, entry.words, entry.kind, entry.domain, entry.weight)
        return tuple(self._entries[key])

    def _load_synonyms(self) -> None:
        for row in _rows("synonyms"):
            term, preferred = self.normal(row["term"]), self.normal(row["preferred"])
            self._add(term, preferred, "synonym")
            self._add(preferred, term, "synonym")


def digest() -> str:
    """The sha256 of all lists together: what an index's stems depend on."""
    whole = hashlib.sha256()
    for path in sorted(_FOLDER.glob("*.t*")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _singular(words: tuple[str, ...]) -> tuple[str, ...]:
    last = words[-1] if words else ""
    if len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is")):
        return (*words[:-1], last[:-1])
    return words


def _rows(name: str) -> list[dict[str, str]]:
    heads, *lines = (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    names = heads.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def _by_key(name: str) -> dict[str, list[str]]:
    """The lines of a list by their first column, which is written as keys are: most are never asked for, and stay as they are."""
    found: dict[str, list[str]] = {}
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        found.setdefault(line[: line.index("\t")], []).append(line)
    return found


@cache
def english() -> frozenset[str]:
    """82,765 English words, inflected forms included, from the dictionary that comes with symspellpy (MIT): what is no typing error."""
    found = importlib.util.find_spec("symspellpy")  # its data alone are read: importing the package would cost more than the words
    folder = Path(next(iter(found.submodule_search_locations or ()))) if found else _FOLDER
    lines = (folder / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.partition(" ")[0] for line in lines)


@cache
def spelling() -> Mapping[str, str]:
    """American spellings by the British ones, plurals included."""
    singular = {row["british"]: row["american"] for row in _rows("spelling") if " " not in row["british"]}
    return types.MappingProxyType({**singular, **{f"{british}s": f"{american}s" for british, american in singular.items()}})


@cache
def general() -> Lexicon:
    """The lexicon without corpus additions."""
    return Lexicon()
