"""Answers that were written elsewhere (`sequitur batch`, another system in the same form), judged like our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.cases import GoldError, Located, json_rows
from sequitur.render import answer_from_record
from sequitur.schema import Answer


def read_predictions(path: Path, located: Sequence[Located]) -> dict[str, Answer]:
    """The answer to each gold case, by id.

    Raises:
        GoldError: a line is no answer, answers no gold case or one that is answered already, or a case has no answer; file and line are named.
    """
    wanted = {case.id: where for where, case in located}
    found: dict[str, Answer] = {}
    for number, value in json_rows(path):
        where = f"{path}, line {number}"
        identity = value.get("id") if isinstance(value, dict) else None
        if not isinstance(identity, str) or identity not in wanted:
            message = f"{where}: the id {identity!r} is not in the gold file"
            raise GoldError(message)
        if identity in found:
            message = f"{where}: a second prediction for {identity!r}"
            raise GoldError(message)
        found[identity] = _answer({name: item for name, item in value.items() if name not in {"id", "error"}}, where)
    missing = [f"{path}: no prediction for {identity!r} ({where})" for identity, where in wanted.items() if identity not in found]
    if missing:
        raise GoldError("\n".join(missing))
    return found


def _answer(stored: dict[str, Any], where: str) -> Answer:
    try:
        answer = answer_from_record({"milliseconds": {"total": 0.0}, **stored})
        known = {citation.marker for citation in answer.citations}
        odd = sorted({marker for claim in answer.claims for marker in claim.citations} - known)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{where}: not an answer as `sequitur batch` writes it ({error})"
        raise GoldError(message) from error
    if odd:
        message = f"{where}: a claim cites {odd}, which is no citation"
        raise GoldError(message)
    return answer
