"""Bytes → text without a wrong character: a file whose encoding is not certain is refused, for "Âµg" and "³75 mg" are wrong doses."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import NamedTuple

from ingest.formats.model import visible
from sequitur.errors import CorpusError
from sequitur.text import canonical

_WIDE = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WESTERN = frozenset({"windows-1252", "cp1252", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", ""})
_HIGH = re.compile(r"[^\x00-\x7f]")
_RAISED = re.compile(r"\b(?:[cdkmµμ]?m|s|h|L|kg)$")
_FOREIGN = re.compile(r"[^\W\x00-\x7f\d_]{3}")  # three such letters in a row: no word of a Western language
_TRAIL = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # how the bytes 80 to BF look when read as Windows-1252
_MOJIBAKE = re.compile(f"[ÂÃÄÅÎÏ][{_TRAIL}]|[âï][{_TRAIL}]{{2}}")
_DOUBTFUL = re.compile(f"[ÂÃ](?=[\\s\\d{_TRAIL}])|â[€‚‰ˆ]|Î[¼±²]")
_C1 = re.compile("[\x80-\x9f]")


class Decoded(NamedTuple):
    """Text with plain line ends, and what had to be mended for it."""

    text: str
    notes: tuple[str, ...]


def decode(data: bytes, declared: str = "") -> Decoded:
    """The text of a file: UTF-8, UTF-16 or UTF-32 with a byte-order mark, or Windows-1252 where every sign makes sense in it.

    `declared` is the encoding a web page names; UTF-8 that is valid wins over it.

    Raises:
        CorpusError: the encoding is not certain, or characters were lost before; the message says which.
    """
    text, notes = _decoded(data, declared.strip().lower())
    text, mended = _mended(text)
    shown = visible(text) if "\x00" not in text else text
    if mended:
        notes = (*notes, f"{mended} wrongly decoded characters were repaired")
    if len(shown) < len(text):
        notes = (*notes, f"{len(text) - len(shown)} invisible characters were left out")
    if "\ufffd" in shown:
        message = "holds U+FFFD, the mark of lost characters: save it again from its source"
        raise CorpusError(message)
    return Decoded(shown, notes)


def _decoded(data: bytes, declared: str) -> tuple[str, tuple[str, ...]]:
    for mark, name in _WIDE:
        if data.startswith(mark):
            try:
                return canonical(data.decode(name).encode()), (f"decoded from {name.upper()}",)
            except UnicodeError as error:
                message = f"begins as {name.upper()} and is not"
                raise CorpusError(message) from error
    try:
        return canonical(data), ()
    except UnicodeDecodeError as error:
        at = error.start
    message = f"not UTF-8 text (byte {at}), and not certainly Windows-1252: save it as UTF-8"
    if declared not in _WESTERN and declared not in {"utf-8", "utf8"}:
        try:
            return canonical(data.decode(declared).encode()), (f"decoded from {declared}",)
        except (LookupError, UnicodeError) as error:
            raise CorpusError(message) from error
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise CorpusError(message) from error
    doubtful = next((match for match in _HIGH.finditer(text) if not _sensible(text, match.start())), None)
    if doubtful or "\x00" in text:
        raise CorpusError(message)
    return canonical(text.encode()), ("decoded from Windows-1252",)


def _sensible(text: str, at: int) -> bool:
    """Whether a Windows-1252 sign stands where such a sign stands in English text."""
    sign, before, after = text[at], text[max(0, at - 4) : at], text[at + 1 : at + 9]
    if sign.isalpha() and sign not in "µªºˆƒ":
        beside = before[-1:].isalpha() or after[:1].isalpha()
        foreign = _FOREIGN.search(before[-2:] + sign + after[:2])
        return beside and not foreign and not (sign.isupper() and before[-1:].islower())
    test = _SIGNS.get(sign)
    return bool(test and test(before, after))


def _follows(pattern: str) -> Callable[[str, str], bool]:
    return lambda _before, after: bool(re.match(pattern, after))


def _precedes(pattern: str) -> Callable[[str, str], bool]:
    return lambda before, _after: bool(re.search(pattern, before))


_SIGNS: dict[str, Callable[[str, str], bool]] = {
    "µ": _follows(r"(?:[glLms]|mol|kat|[- ]?opioid)"),
    "°": _precedes(r"\d\s?$"),
    "±": _follows(r"\s?\d"),
    "×": _follows(r"\s?\d|\s"),
    "÷": _follows(r"\s?\d"),
    "²": lambda before, _after: bool(_RAISED.search(before)),
    "³": lambda before, _after: bool(_RAISED.search(before)),
    "“": _precedes(r"(?:^|[\s(\[–—])$"),
    "‘": _precedes(r"(?:^|[\s(\[–—“])$"),
    "”": _precedes(r"\S$"),
    "’": _precedes(r"\w$|[.,!?)]$"),
    "•": _precedes(r"(?:^|\s)$"),
    "½": _precedes(r"(?:^|[\d\s])$"),
    "¼": _precedes(r"(?:^|[\d\s])$"),
    "¾": _precedes(r"(?:^|[\d\s])$"),
} | dict.fromkeys("–—…†‡™®©§·\xa0", lambda _before, _after: True)


def _mended(text: str) -> tuple[str, int]:
    """The text with "Âµ", "â‰¥" and the like put right, and how many there were.

    Raises:
        CorpusError: something looks wrongly decoded, and what it was is not certain.
    """
    count = 0

    def right(match: re.Match[str]) -> str:
        nonlocal count
        try:
            character = b"".join(_byte(sign) for sign in match[0]).decode()
        except UnicodeError:
            return match[0]
        count += 1
        return character

    mended = _MOJIBAKE.sub(right, text)
    doubtful = _DOUBTFUL.search(mended)
    if doubtful:
        around = mended[max(0, doubtful.start() - 10) : doubtful.end() + 10].strip()
        message = f"holds wrongly decoded text ({around!r}): save it again as UTF-8 from its source"
        raise CorpusError(message)
    return _C1.sub(lambda match: match[0].encode("latin-1").decode("cp1252", "ignore"), mended), count


def _byte(sign: str) -> bytes:
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")
