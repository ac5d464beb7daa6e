"""What an article leaves out: evidence newer than it calls the most recent, harms it does not mention, main results it does not give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from sequitur.audit.desk import Desk, Source
from sequitur.audit.language import NULL, clauses
from sequitur.audit.model import LeftOut, Omission
from sequitur.figures import Figure, figures, same_figure
from sequitur.schema import UNCHECKED, Document, short_name
from sequitur.text import fold

_RECENT = re.compile(r"\b(?:most recent|latest|newest|current evidence|recent evidence|up-to-date)\b")
_DESIGN = re.compile(r"design|method", re.IGNORECASE)
_SAFETY = re.compile(r"safety|adverse|harm|side effect|toxicity|tolerab|risk", re.IGNORECASE)
_HARMFUL = re.compile(
    r"\b(?:adverse|side effects?|harms?|toxicit\w*|complain\w*|complication\w*|withdr\w*|undesirable|risk of|hazard of|injur\w*|damage)\b"
)
_FINDINGS = re.compile(r"finding|result|conclusion", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:no|not|without|none|neither|never|absence of|rather than|instead of)\b[^.;]{0,60}$")
_RESULTS = 2  # main results shown of one reference


def left_out(desk: Desk) -> LeftOut:
    """Everything that is left out, each with the passage that reports it."""
    article = fold(desk.article.text)
    return LeftOut(tuple(_newer(desk)), tuple(_harms(desk, article)), tuple(_results(desk)))


def _newer(desk: Desk) -> Iterator[Omission]:
    """Documents published after the newest that the article calls the most recent, and not cited by it."""
    behind = {identity: entry.number for entry in desk.entry.ledger for identity in entry.document_ids}
    called = [passage for passage in desk.claims if _RECENT.search(fold(passage.text))]
    years = [int(figure.value) for passage in called for figure in figures(passage.text) if figure.kind == "year"]
    years += [
        document.year
        for passage in called
        for identity, number in behind.items()
        if number in passage.citations and (document := desk.documents.get(identity)) and document.year
    ]
    if not years:
        return
    newest, published = max(years), desk.entry.article.last_updated[:4]
    for document in sorted(desk.documents.values(), key=lambda document: (-(document.year or 0), document.id)):
        if (
            document.id in behind
            or not document.year
            or document.year <= newest
            or (published.isdigit() and document.year > int(published))
        ):
            continue
        finding = _main(desk, document)
        if finding:
            said = f"The article calls {newest} the most recent; {short_name(document)} ({document.kind}) is newer: “{_one_line(finding)}”"
            yield _omission(document, said, finding)


def _main(desk: Desk, document: Document) -> Source | None:
    """The first finding of a document that says more than how many were studied."""
    found = [source for source in desk.sources[document.id] if _FINDINGS.search(source.passage.section)] or desk.sources[document.id]
    telling = (source for source in found if any(clause.effects or clause.advice for clause in clauses(source.statement.text)))
    return next(telling, found[0] if found else None)


def _harms(desk: Desk, article: str) -> Iterator[Omission]:
    """Harms that a reference reports and the article names in no wording; each once, from its best source."""
    cited = {identity for entry in desk.entry.ledger for identity in entry.document_ids}
    ranked = sorted(desk.documents.values(), key=lambda document: (document.id not in cited, -(document.year or 0), document.id))
    seen: set[str] = set()
    for document in ranked:
        for source in desk.sources[document.id]:
            text = fold(source.statement.text)
            section = source.passage.section
            if _DESIGN.search(section) or not (_SAFETY.search(section) or _HARMFUL.search(text)):
                continue
            found = [
                name for name, pattern in _harm_words() if name not in seen and not pattern.search(article) and _reported(text, pattern)
            ]
            if found:
                seen.update(found)
                said = f"{short_name(document)} reports {_listed(found)}, which the article does not mention"
                yield _omission(document, said, source)


def _reported(text: str, pattern: re.Pattern[str]) -> bool:
    """Whether a passage reports a harm and does not deny it."""
    return any(not _DENIED.search(text[: match.start()]) for match in pattern.finditer(text))


@cache
def _harm_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = [line.split("\t") for line in (Path(__file__).parent / "harms.txt").read_text(encoding="utf-8").splitlines()]
    return tuple((name, re.compile(rf"\b(?:{'|'.join(re.escape(fold(word)) for word in words)})", re.IGNORECASE)) for name, *words in rows)


def _results(desk: Desk) -> Iterator[Omission]:
    """Results with an interval or a P value, in references that the article cites, none of whose figures the article gives."""
    said = figures(desk.article.text)
    for identity in dict.fromkeys(identity for entry in desk.entry.ledger for identity in entry.document_ids):
        document = desk.documents.get(identity)
        found = [source for source in desk.sources.get(identity, []) if _FINDINGS.search(source.passage.section)]
        missing = [source for source in found if _result(source) and not _given(source, said)]
        for source in missing[:_RESULTS] if document else ():
            null = any(NULL in clause.effects for clause in clauses(source.statement.text))
            kind = "a comparison without a difference" if null else "a result"
            yield _omission(
                source.document, f"{short_name(source.document)} reports {kind} that the article leaves out: “{_one_line(source)}”", source
            )


def _result(source: Source) -> bool:
    return any(figure.kind in {"bound", "p"} for figure in source.statement.figures)


def _given(source: Source, said: Sequence[Figure]) -> bool:
    """Whether the article gives one of a result's telling figures, or says the same in words."""
    said = [figure for figure in said if figure.decimals or figure.kind == "percent"]
    own = [figure for figure in source.statement.figures if figure.decimals or figure.kind == "percent"]
    return any(other.kind != "bare" and same_figure(figure, other) for figure in said for other in own)


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _omission(document: Document, said: str, source: Source) -> Omission:
    cautions = (
        UNCHECKED if UNCHECKED in source.passage.flags else "",
        f"a note of {document.confidence} confidence only" if document.confidence in {"medium", "low"} else "",
    )
    return Omission(
        document.id,
        short_name(document),
        document.year,
        said if said.endswith(("”", ".")) else f"{said}.",
        source.statement.text,
        ", ".join(filter(None, cautions)),
    )


def _one_line(source: Source) -> str:
    words = " ".join(source.statement.text.split())
    return words if len(words) <= 240 else words[:237].rsplit(" ", 1)[0] + " …"
