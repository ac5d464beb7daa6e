"""`python -m evals run|compare|gate|…`: the evaluation from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.cases import SPLITS, GoldError, Located, doubts, faults, load_cases, load_located, strays
from evals.figures import figures, report, table
from evals.gate import BASELINE, SPLIT, breaches, read_baseline, write_baseline
from evals.results import register as register_results
from evals.robust import register as register_robust
from evals.run import Plan
from evals.run import run as run_cases
from evals.store import open_run, run_folder
from evals.systems import OURS
from sequitur.assemble import assemble
from sequitur.chat import open_chat
from sequitur.errors import SequiturError
from sequitur.schema import Document
from sequitur.settings import load_settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Offline evaluation on gold conversations."
)
_GOLD = Path(__file__).parent / "gold"
_AUDITED = Path(__file__).parent / "audit" / "dev"


@app.command()
def run(
    gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD,
    name: Annotated[
        str, typer.Option("--name", help="What the run is called, below evals/runs; with a slash: the folder itself.")
    ] = "latest",
    split: Annotated[str | None, typer.Option("--split", help="dev or test; default: both, each by itself.")] = None,
    with_baselines: Annotated[bool, typer.Option("--baselines", help="Ask the baselines too.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of intervals and permutations.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
) -> None:
    """Ask every gold case, print the figures, write the run. An interrupted run goes on where it stopped."""
    summary = _run(gold, name, split, with_baselines=with_baselines, seed=seed)
    print(json.dumps(summary, ensure_ascii=False) if as_json else report(summary))


@app.command()
def audit(
    folder: Annotated[Path, typer.Argument(help="Article folders with labels.jsonl; default: the invented ones.")] = _AUDITED,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
) -> None:
    """Measure the audit on articles with planted discrepancies."""
    from evals.audit import measure

    if not folder.is_dir():
        message = f"there is no folder {folder}"
        raise GoldError(message)
    found = measure(folder, load_settings())
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print(f"caught {found['caught']:.0%} of {found['planted']} planted discrepancies ({found['contradicted']:.0%} as contradicted)")
    print(
        f"false alarms {found['false_alarms']:.0%} of {found['carried']} carried claims; {found['source_missing']} claims without a source"
    )
    print("\n".join(f"  {kind}: {hit} of {count}" for kind, (hit, count) in found["by_kind"].items()))
    print("\n".join(found["wrong"]))


@app.command()
def score(
    predictions: Annotated[Path, typer.Argument(help="Answers with the cases' ids, as `sequitur batch` writes them.")],
    gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD,
    split: Annotated[str | None, typer.Option("--split", help="dev or test; default: both, each by itself.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
) -> None:
    """Measure answers that were written elsewhere; none may be missing."""
    from evals.measures import judge as judge_answer
    from evals.predictions import read_predictions

    located = load_located(gold, split)
    answers = read_predictions(predictions, located)
    chat = open_chat(load_settings())
    _refuse_strays(located, chat.documents)
    rows = [judge_answer(case, answers[case.id], chat.documents, chat.article.disclaimer) for _, case in located]
    found = figures({OURS: rows})
    print(json.dumps(found, ensure_ascii=False) if as_json else report(found))


def _refuse_strays(located: Sequence[Located], documents: Mapping[str, Document]) -> None:
    astray = [f"{where}: {fault}" for where, case in located for fault in strays(case, documents)]
    if astray:
        raise GoldError("\n".join(astray))


def _run(gold: Path, name: str, split: str | None, *, with_baselines: bool = False, seed: int = 0) -> dict[str, Any]:
    located = load_located(gold, split)
    folder = run_folder(name)
    settings = load_settings()
    assembly = assemble(settings)
    _refuse_strays(located, assembly.index.documents)
    for where, case in located:
        for doubt in doubts(case):
            print(f"{where}: {case.id}: {doubt}", file=sys.stderr)
    return run_cases(Plan(assembly, settings, tuple(case for _, case in located), folder, with_baselines, seed))


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="The run before: a name below evals/runs, or a folder.")],
    b: Annotated[str, typer.Argument(help="The run after.")],
    split: Annotated[
        str, typer.Option("--split", help="Whose cases are listed: dev, or test when nothing is chosen by it any more.")
    ] = "dev",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of intervals and permutations.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """What changed from one run to another, case by case, with significance."""
    from evals.compare import compare as compare_runs
    from evals.compare import told

    if split not in SPLITS:
        message = f"--split is one of {', '.join(SPLITS)}"
        raise typer.BadParameter(message)
    found = compare_runs(open_run(a), open_run(b), split, seed)
    print(json.dumps(found, ensure_ascii=False) if as_json else told(found))


@app.command()
def gate(
    name: Annotated[str | None, typer.Option("--run", help="A finished run; default: the dev half is asked now.")] = None,
    gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD,
    baseline_file: Annotated[Path, typer.Option("--baseline", help="The figures that are held.")] = BASELINE,
) -> None:
    """Exit 1 when a figure of the dev half is below evals/baseline.json."""
    floor = read_baseline(baseline_file)
    if name is None:
        _run(gold, "gate", SPLIT)
    found = open_run(name or "gate")
    if found.summary["provenance"]["gold"][SPLIT] != floor.get("gold"):
        print(
            "evals: the dev cases are not those of the baseline; `python -m evals baseline RUN` puts new figures in force", file=sys.stderr
        )
    broken = breaches(found, floor)
    for line in broken:
        print(line)
    print(f"{len(floor['figures'])} figures held, {len(broken)} broken")
    raise typer.Exit(1 if broken else 0)


@app.command()
def baseline(
    name: Annotated[str, typer.Argument(help="A finished run with a dev half.")],
    out: Annotated[Path, typer.Option("--out", help="Where the figures are written.")] = BASELINE,
) -> None:
    """Put a run's figures in force for `gate`."""
    written = write_baseline(open_run(name), out)
    for figure, limit in written["figures"].items():
        print(f"{figure:28}{' '.join(f'{word} {value}' for word, value in limit.items())}")


@app.command()
def triage(
    messages: Annotated[Path | None, typer.Argument(help="Labelled messages; default: those that nothing was trained on.")] = None,
) -> None:
    """Send labelled messages to the emergency gate, and print what it catches and how often it cries without need."""
    from evals import triage as gate
    from sequitur.adapters.embedders import open_embedder

    settings = load_settings()
    found = gate.labelled(messages or gate.HELD_OUT)
    print(table(gate.measure(found, open_embedder(settings.embedder, settings.models))))


@app.command()
def ranking(
    folders: Annotated[list[Path], typer.Argument(help="Collections in BEIR layout to fit on.")],
    check: Annotated[list[Path] | None, typer.Option("--check", help="A collection to measure on; may be repeated.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the weights are written.")] = Path("sequitur/rank.json"),
) -> None:
    """Fit the weights of the general ranking, and print what they are worth on other collections."""
    from evals import ranking as fitting
    from sequitur.adapters.embedders import open_embedder
    from sequitur.beir import read_collection

    settings = load_settings()
    embedder = open_embedder(settings.embedder, settings.models)
    weights = fitting.fit([fitting.examples(read_collection(folder), embedder) for folder in folders])
    fitting.write(out, weights, embedder.encoder, [folder.name for folder in folders])
    for folder in check or []:
        print(f"{folder.name}\n{table(fitting.worth(read_collection(folder), embedder, weights))}")


@app.command()
def tune(gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD) -> None:
    """Suggest weights from the dev halves of this article's gold and of the other articles', with their cross-validated worth."""
    from evals.elsewhere import HOME, Place, places
    from evals.tune import tune_abstention, tune_ordering

    settings = load_settings()
    own = Place(HOME, assemble(settings), load_cases(gold, "dev"))
    with places(settings, "dev") as others:
        for name, found in (("ordering", tune_ordering((own, *others))), ("abstention", tune_abstention((own, *others)))):
            print(f"{name}\n{table(found)}")


@app.command()
def elsewhere(
    split: Annotated[str | None, typer.Option("--split", help="dev or test; default: both, each by itself.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
) -> None:
    """Ask the questions on other, invented articles, half of them near misses, and print the same figures."""
    from evals.elsewhere import ask, places

    settings = load_settings()
    with places(settings, split) as asked:
        found = figures({OURS: [row for place in asked for row in ask(place, settings)]})
    print(json.dumps(found, ensure_ascii=False) if as_json else report(found))


@app.command()
def check(gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD) -> None:
    """Check that the gold cases are sound against the corpus; exit 1 when they are not."""
    cases = load_cases(gold)
    found = faults(cases, open_chat(load_settings()).documents)
    for line in found:
        print(line)
    print(f"{len(cases)} cases, {len(found)} faults")
    raise typer.Exit(1 if found else 0)


register_robust(app)
register_results(app)


def main() -> None:
    """Run the command; a failure that can be explained is one line on stderr."""
    try:
        app(standalone_mode=True)
    except SequiturError as error:
        print(f"evals: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"evals: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
