"""`python -m bench.fuzz [COUNT] [SEED] [CRASHERS]`: damaged PDF, Word, HTML and XML files against their readers.

Every file must be read or refused by name, soon, and the process that asked must live. What fails is kept in the folder CRASHERS, if one is given.
"""

from __future__ import annotations

import random
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bench.samples import samples, zipped
from ingest.formats import extract
from sequitur.errors import CorpusError

_SLOW = 30.0  # seconds that no damaged file of a few kilobytes may take, on a busy machine too
_TOKENS = {
    "pdf": (b"/Length 999999999", b"/Filter [/FlateDecode /FlateDecode]", b"/Kids [2 0 R]", b"/Prev 0", b"/Count 99999999", b"<<" * 500, b"/Encrypt 1 0 R", b"stream\n"),
    "docx": (b"<w:p>", b"</w:p>", b"<w:tbl><w:tr>", b"&lol;", b"<!DOCTYPE x [<!ENTITY lol 'x'>]>", b'w:val="99999999999"', b"\xff\xfe", b"<w:r>" * 300),
    "html": (b"<div>" * 500, b"<table><tr><td>", b"<!--", b"<ul><li>", b"&#x0;", b"<style>.a{", b"<sup>1</sup>", b"\x00", b"\xc3\x82\xc2\xb5", b"<h1>"),
    "xml": (b"<sec>" * 300, b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"&x;", b"<xref ref-type='bibr'>", b"<list><list-item>", b"]]>", b"<![CDATA[", b"\xff"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """A file on which a reader did neither read nor refuse it by name and in time."""

    kind: str
    number: int
    what: str
    data: bytes


def mutants(count: int, seed: int) -> Iterator[tuple[str, int, bytes]]:
    """Damaged files in turn of each kind, the same for the same seed."""
    sound = samples()
    kinds = sorted(sound)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        chance = random.Random(f"{seed}-{number}")  # noqa: S311 - repeatable, not secret
        data = sound[kind]
        if kind == "docx" and chance.random() < 0.75:
            yield kind, number, _inside_archive(data, chance)
        elif kind == "pdf" and chance.random() < 0.5:
            yield kind, number, _inside_streams(data, chance)
        else:
            yield kind, number, _hurt(data, _TOKENS[kind], chance)


def _hurt(data: bytes, tokens: tuple[bytes, ...], chance: random.Random) -> bytes:
    return _rearranged(data, chance) if b"</" in data and chance.random() < 0.5 else _damaged(data, tokens, chance)


def _damaged(data: bytes, tokens: tuple[bytes, ...], chance: random.Random) -> bytes:
    """The file after one to eight small accidents."""
    out = bytearray(data)

    def at() -> int:
        return chance.randrange(len(out) + 1)

    def flip() -> None:
        place = chance.randrange(len(out))
        out[place] ^= 1 << chance.randrange(8)

    def cut() -> None:
        start = at()
        del out[start : start + chance.randrange(1, 200)]

    def end() -> None:
        del out[at() :]

    def repeat() -> None:
        start = at()
        out[start:start] = out[start : start + chance.randrange(1, 400)] * chance.randrange(1, 20)

    def insert() -> None:
        place = at()
        out[place:place] = chance.choice(tokens)

    def noise() -> None:
        place = at()
        out[place : place + 8] = chance.randbytes(8)

    accidents: tuple[Callable[[], None], ...] = (flip, flip, flip, cut, end, repeat, insert, insert, noise)
    for _ in range(chance.randrange(1, 9)):
        if out:
            chance.choice(accidents)()
    return bytes(out)


def _rearranged(data: bytes, chance: random.Random) -> bytes:
    """Markup that stays well-formed: elements removed, doubled, nested in themselves or moved, and values changed."""
    for _ in range(chance.randrange(1, 12)):
        leaves = list(re.finditer(rb"<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>[^<>]*</\1>", data))
        if not leaves:
            break
        leaf, other = chance.choice(leaves), chance.choice(leaves)
        name = leaf[1]
        new = chance.choice(
            (b"", leaf[0] * chance.randrange(2, 60), other[0], leaf[0].replace(b">", b">" + other[0], 1), b"<%b>%b</%b>" % (name, leaf[0] * 2, name),
             re.sub(rb"\d+", lambda _: str(chance.randrange(-9, 10**9)).encode(), leaf[0]), (b"<%b>" % name) * 260 + (b"</%b>" % name) * 260)
        )  # fmt: skip
        data = data[: leaf.start()] + new + data[leaf.end() :]
    return data


def _inside_archive(data: bytes, chance: random.Random) -> bytes:
    """A Word document of which one part is damaged, in an archive that is sound."""
    from io import BytesIO

    with ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    try:
        return zipped({**parts, name: _hurt(parts[name], _TOKENS["docx"], chance)})
    except BadZipFile:
        return data


def _inside_streams(data: bytes, chance: random.Random) -> bytes:
    """A PDF of which one page's drawing orders are damaged before they are packed."""
    begin = chance.choice([place for place in range(len(data)) if data.startswith(b">>\nstream\n", place)]) + len(b">>\nstream\n")
    stop = data.index(b"\nendstream", begin)
    packed = zlib.compress(
        _damaged(zlib.decompress(data[begin:stop]), (b"BT", b"ET", b"/F9 1e9 Tf", b"(\\377\\000) Tj", b"q " * 400, b"BI /W 9 ID"), chance)
    )
    return data[:begin] + packed + data[stop:]


def run(count: int, seed: int) -> tuple[Counter[str], list[Failure], float]:
    """How many were read and refused, what failed, and the longest time that one file took."""
    outcomes: Counter[str] = Counter()
    failures: list[Failure] = []
    longest = 0.0
    for kind, number, data in mutants(count, seed):
        started = time.monotonic()
        try:
            found = extract(kind, data)
            found.text.encode()
            wrong = "" if found.text.strip() else "an empty text taken for a success"
            outcomes[f"{kind} read"] += 1
        except CorpusError as error:
            wrong = _unnamed(str(error))
            outcomes[f"{kind} refused"] += 1
        taken = time.monotonic() - started
        longest = max(longest, taken)
        if wrong or taken > _SLOW:
            failures.append(Failure(kind, number, wrong or f"{taken:.0f} s", data))
    return outcomes, failures, longest


def _unnamed(reason: str) -> str:
    """A refusal is named when it is no bare exception's; a fallen reader's is counted as a crash of the child."""
    bare = any(word in reason for word in ("no reason given", "Error)", "Exception)", "Iteration)", "(SIG"))
    return reason if bare and not reason.startswith("a damaged") else ""


def main() -> None:
    """Run, print the counts, and leave with 1 when anything failed."""
    count, seed, *kept = [*sys.argv[1:], *("2000", "7")[len(sys.argv) - 1 :]]
    outcomes, failures, longest = run(int(count), int(seed))
    for name, number in sorted(outcomes.items()):
        print(f"{name}: {number}")
    print(f"{count} files, seed {seed}: {len(failures)} crashes, hangs or unnamed errors; the longest took {longest:.1f} s")
    for failure in failures:
        print(f"{failure.kind} {failure.number}: {failure.what}")
        if kept:
            Path(kept[0]).mkdir(parents=True, exist_ok=True)
            (Path(kept[0]) / f"{failure.number}.{failure.kind}").write_bytes(failure.data)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
