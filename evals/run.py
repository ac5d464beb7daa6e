"""One evaluation run: every case asked of every system, measured and written down."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evals.baselines import baselines
from evals.cases import Case
from evals.figures import figures
from evals.measures import Judged, judge
from evals.provenance import digest, provenance
from evals.retrieval import Qrels, Ranked, carriers, found_within, rank_figures, relevant, write_qrels, write_run
from evals.store import Progress, finish, write_rows
from evals.systems import OURS, Asked, System, Whole
from sequitur.assemble import Assembly
from sequitur.chat import Chat
from sequitur.jsonvalue import from_json
from sequitur.render import record
from sequitur.schema import Answer
from sequitur.settings import Settings

_TIMES = "milliseconds"
_EVERY = 50  # cases between two lines of progress

Row = dict[str, Any]
Carried = Mapping[str, Mapping[str, frozenset[str]]]  # case → nugget → passages


class Plan(NamedTuple):
    """What a run asks, of what, and where it is written."""

    assembly: Assembly
    settings: Settings
    cases: tuple[Case, ...]
    folder: Path
    with_baselines: bool = False
    seed: int = 0


class Asking(NamedTuple):
    """The systems of a run and the corpus they are judged against."""

    systems: tuple[System, ...]
    disclaimer: str
    assembly: Assembly


def run(plan: Plan, say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> dict[str, Any]:
    """Ask, measure, write the run folder; returns its summary. What an interrupted run of the same name has finished is not asked again."""
    made_with = provenance(plan.assembly, plan.settings, plan.cases, plan.seed)
    ask = Asked(Chat(plan.assembly, plan.settings))
    systems: tuple[System, ...] = (Whole(ask), *(baselines(plan.assembly, ask) if plan.with_baselines else ()))
    asking = Asking(systems, ask.chat.article.disclaimer, plan.assembly)
    progress = Progress(plan.folder)
    finished = False
    try:
        rows = _rows(asking, plan.cases, progress, _base(made_with), say)
        documents, passages = plan.assembly.index.documents, plan.assembly.index.passages
        carried = {case.id: found for case in plan.cases if case.outcome == "answer" and (found := carriers(case, documents, passages))}
        summary = _write(plan, rows, carried, made_with)
        finished = True
    finally:
        progress.close(finished=finished)
    return summary


def _base(made_with: Mapping[str, Any]) -> str:
    """What of a run's making an answer depends on; the seed only moves the intervals, and other cases are other cases."""
    return digest({name: value for name, value in made_with.items() if name not in {"seed", "gold", "commit"}})


def _rows(asking: Asking, cases: Sequence[Case], progress: Progress, base: str, say: Callable[[str], None]) -> dict[str, list[Row]]:
    """For each system its rows in the order of the cases."""
    rows: dict[str, list[Row]] = {system.name: [] for system in asking.systems}
    for number, case in enumerate(cases, 1):
        content = digest(dataclasses.asdict(case))
        for system in asking.systems:
            key = f"{system.name}:{case.id}:{content}:{base}"
            row = progress.get(key)
            if row is None:
                row = {"key": key, **_asked(asking, system, case)}
                progress.add(row)
            rows[system.name].append(row)
        if number % _EVERY == 0 or number == len(cases):
            say(f"asked {number} of {len(cases)} cases")
    return rows


def _asked(asking: Asking, system: System, case: Case) -> Row:
    answer, ranked = system.predict(case)
    judged = judge(case, answer, asking.assembly.index.documents, asking.disclaimer)
    return {
        "judged": dataclasses.asdict(judged),
        "ranked": list(ranked),
        "answer": _prediction(case, answer) if system.name == OURS else None,
    }


def _prediction(case: Case, answer: Answer) -> dict[str, Any]:
    """An answer without times, so that equal runs are equal byte for byte."""
    return {"id": case.id, **{name: value for name, value in record(answer).items() if name != _TIMES}}


def _write(plan: Plan, rows: Mapping[str, list[Row]], carried: Carried, made_with: Mapping[str, Any]) -> dict[str, Any]:
    asked = [case for case in plan.cases if case.id in carried]
    qrels = {case.id: relevant(case, carried[case.id]) for case in asked}
    judged = {name: _ranked(found, asked, carried, qrels) for name, found in rows.items()}
    files = [plan.folder / name for name in ("predictions.jsonl", "qrels.trec")]
    write_rows(files[0], [row["answer"] for row in rows[OURS]])
    write_qrels(files[1], qrels)
    for name, found in rows.items():
        place = plan.folder if name == OURS else plan.folder / "baselines" / name
        write_rows(place / "judged.jsonl", judged[name])
        write_run(place / "run.trec", _runs(found), name)
        files.extend((place / "judged.jsonl", place / "run.trec"))
    summary = {"provenance": dict(made_with), **figures(judged, plan.seed)}
    finish(plan.folder, summary, files)
    return summary


def _ranked(rows: Sequence[Row], cases: Sequence[Case], carried: Carried, qrels: Qrels) -> list[Judged]:
    """The judged cases of a system, with what its rankings are worth."""
    runs = _runs(rows)
    values: dict[str, dict[str, float | None]] = {case: dict(found) for case, found in rank_figures(qrels, runs).items()}
    for case in cases:
        within = {f"evidence{k}": found_within(case, carried[case.id], runs[case.id], k) for k in (5, 10)}
        values[case.id].update(within)
    return [from_json(Judged, {**row["judged"], **values.get(row["judged"]["id"], {})}) for row in rows]


def _runs(rows: Sequence[Row]) -> dict[str, Ranked]:
    return {row["judged"]["id"]: tuple(row["ranked"]) for row in rows}
