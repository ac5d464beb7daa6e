"""What the readers hand back: pieces of a page, and the text put together from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sequitur.errors import CorpusError

MOST_CHARACTERS = 20_000_000
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_GROUP = re.compile(
    r"\b(?:consortium|groups?|collaborat\w+|committee|network|investigators|society|organi[sz]ation|institute|college|association)\b", re.I
)
_NOBODY = re.compile(r"\b(?:microsoft|user|admin\w*|adobe|owner|unknown|anonymous|elsevier|springer|wiley|acrobat|word)\b", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_KINDS = (
    ("guideline", r"\bguidelines?\b|\bconsensus\b|\brecommendations?\b"),
    ("meta-analysis", r"\bmeta-?analys[ie]s\b"),
    ("systematic-review", r"\bsystematic review\b"),
    ("rct", r"\brandomi[sz]ed\b.*\btrial\b|\brandomi[sz]ed\b.*\b(?:placebo|controlled)\b"),
    ("case-series", r"\bcase (?:series|reports?)\b"),
    ("cohort", r"\bcohort\b"),
    ("review", r"\breview\b"),
)


_POWERS = str.maketrans("0123456789+-−–()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁽⁾")
_INDICES = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Piece:
    """One heading, paragraph, list item or table row; `page` from 1, or 0 where a file has no pages."""

    kind: str  # "heading", "paragraph", "item", "row"
    text: str
    level: int = 0  # of a heading from 1; of an item, its nesting depth from 0
    label: str = ""  # "1." of a numbered item
    page: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    """The canonical text of a file and what the file says of itself; empty where it says nothing."""

    text: str
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    url: str = ""
    kind: str = ""
    pages: tuple[int, ...] = ()  # offset at which each page begins
    notes: tuple[str, ...] = ()  # what was left out, and why


def tidy(text: str) -> str:
    """One line: white space collapsed, control and invisible characters gone."""
    return re.sub(r"\s+", " ", visible(text)).strip()


def visible(text: str) -> str:
    """The text without characters that show nothing, reorder what is shown, or cannot be stored."""
    return _INVISIBLE.sub("", _UNWANTED.sub("", text))


def assemble(pieces: Iterable[Piece]) -> tuple[str, tuple[int, ...]]:
    """The text of the pieces, and the offset at which each page begins.

    Raises:
        CorpusError: the text is longer than any document can be.
    """
    parts: list[str] = []
    pages: list[int] = []
    length, before = 0, ""
    for piece in pieces:
        gap = "" if not parts else "\n" if piece.kind == before and piece.kind in {"item", "row"} else "\n\n"
        line = gap + _line(piece)
        while len(pages) < piece.page:
            pages.append(length + len(gap))
        parts.append(line)
        length, before = length + len(line), piece.kind
        if length > MOST_CHARACTERS:
            message = f"more than {MOST_CHARACTERS // 1_000_000} million characters of text"
            raise CorpusError(message)
    return "".join(parts) + "\n", tuple(pages)


def _line(piece: Piece) -> str:
    if piece.kind == "heading":
        return f"{'#' * min(max(piece.level, 1), 6)} {piece.text}"
    if piece.kind == "item":
        return f"{'  ' * piece.level}{piece.label or '-'} {piece.text}"
    return piece.text


def power(before: str, raised: str) -> str:
    """Raised figures as a power ("10⁹", "m²", "kg⁻¹", "I²") where the text before them takes one; "" where they must mean something else."""
    plain = raised.translate(str.maketrans("−–", "--"))
    takes = (
        (r"(?<!\d)10$", r"[+-]?\d{1,3}"),
        (r"(?<![A-Za-z])[cdkmµμ]?m$", r"-?[23]|-1"),
        (r"(?<![A-Za-z])(?:R|I|χ|x)$", r"2"),
        (r"(?<![A-Za-z])(?:k?g|m?L|m?l|s|h|d|min|mol|day)$", r"-[123]"),
    )
    fits = any(re.search(base, before) and re.fullmatch(exponent, plain) for base, exponent in takes)
    return raised.translate(_POWERS) if fits else ""


def index(lowered: str) -> str:
    """Lowered figures as they are written below the line ("H₂O"); anything else as it stands."""
    return lowered.translate(_INDICES) if lowered.isdigit() else lowered


def kind_of(title: str) -> str:
    """The kind of study a title names, or "reference"."""
    return next((kind for kind, pattern in _KINDS if re.search(pattern, title, re.IGNORECASE)), "reference")


def year_in(written: str) -> int | None:
    """The year of a date as written."""
    match = re.search(r"\b(?:19|20)\d{2}\b", written)
    return int(match[0]) if match else None


def doi_in(written: str) -> str:
    """The DOI in a text, without the punctuation behind it."""
    match = re.search(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`]+", written)
    return match[0].rstrip(".,;:)]'") if match else ""


def with_title(title: str, pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with the title in front, where it does not stand among them."""
    stands = any(title in piece.text for piece in pieces) if title else True
    return list(pieces) if stands else [Piece("heading", title, 1, page=min(1, pieces[0].page) if pieces else 0), *pieces]


def name_parts(written: str) -> dict[str, str]:
    """Family and given name of "Kim, Kyongsong", "Kim K" or "Kyongsong Kim"; what is neither is taken as it stands."""
    written = tidy(written)
    if written == "et al":
        return {"literal": written}
    family, comma, given = written.partition(",")
    if comma:
        return {"family": family.strip(), "given": given.strip()}
    words = written.split()
    if len(words) > 1 and re.fullmatch(r"[A-Z]{1,3}", words[-1]):
        return {"family": " ".join(words[:-1]), "given": words[-1]}
    if len(words) in {2, 3} and not _GROUP.search(written) and all(word[0].isupper() for word in words):
        return {"family": words[-1], "given": " ".join(words[:-1])}
    return {"literal": written}


def short_name(name: Mapping[str, str]) -> str:
    """A divided name as "Kim K", as the notes write authors."""
    given = name.get("given", "")
    initials = given if re.fullmatch(r"[A-Z]{1,3}", given) else "".join(part[0] for part in re.split(r"[\s.-]+", given) if part)
    return f"{name.get('family') or name.get('literal', '')} {initials}".strip()


def authors_of(written: Iterable[str]) -> tuple[str, ...]:
    """Authors as the notes write them ("Doe J"); the programs and accounts that files name as their authors are none."""
    return tuple(short_name(name_parts(name)) for name in written if re.search(r"[^\W\d_]{2}", name) and not _NOBODY.search(name))
