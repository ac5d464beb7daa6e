"""`python -m evals run|check`: the evaluation from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from evals.cases import faults, load_cases
from evals.robust import register as register_robust
from evals.run import run as run_cases
from evals.run import summary, table, write
from sequitur.chat import open_chat
from sequitur.errors import SequiturError
from sequitur.settings import load_settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Offline evaluation on gold conversations."
)
_GOLD = Path(__file__).parent / "gold"


@app.command()
def run(
    gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD,
    name: Annotated[str, typer.Option("--name", help="Where the run is written, below evals/runs.")] = "latest",
    split: Annotated[str | None, typer.Option("--split", help="dev or test; default: both.")] = None,
    failures: Annotated[bool, typer.Option("--failures", help="List the cases that went wrong.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
) -> None:
    """Ask every gold case and print the figures."""
    cases = load_cases(gold, split)
    chat = open_chat(load_settings())
    unsound = faults(cases, chat.documents)
    for line in unsound:
        print(line, file=sys.stderr)
    judged, predictions = run_cases(chat, cases)
    figures = summary(judged)
    write(Path("evals/runs") / name, figures, judged, predictions)
    if failures:
        for row in judged:
            if not row.right_outcome or row.missed:
                print(f"{row.id}: expected {row.expected}, {row.outcome}; missed {list(row.missed)}", file=sys.stderr)
    print(json.dumps(figures) if as_json else table(figures))


@app.command()
def triage(
    messages: Annotated[Path, typer.Option("--messages", help="Labelled messages.")] = Path(__file__).parent / "safety.jsonl",
    out: Annotated[Path, typer.Option("--out", help="Where the weights are written.")] = Path("sequitur/triage.json"),
) -> None:
    """Fit the emergency gate's linear model and print its cross-validated figures."""
    from evals import triage as fitting
    from sequitur.adapters.embedders import open_embedder

    settings = load_settings()
    embedder = open_embedder(settings.embedder, settings.models)
    weights, figures = fitting.train(fitting.messages(messages, _GOLD), embedder)
    fitting.write(out, weights, embedder.fingerprint, figures)
    print(table(figures))


@app.command()
def tune(gold: Annotated[Path, typer.Option("--gold", help="A gold file or a folder of them.")] = _GOLD) -> None:
    """Suggest weights from the dev half of the gold set, with their cross-validated worth."""
    from evals.tune import tune_abstention, tune_ordering
    from sequitur.assemble import assemble

    assembly, cases = assemble(load_settings()), load_cases(gold, "dev")
    for name, figures in (("ordering", tune_ordering(assembly, cases)), ("abstention", tune_abstention(assembly, cases))):
        print(f"{name}\n{table(figures)}")


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


def main() -> None:
    """Run the command; a failure that can be explained is one line on stderr."""
    try:
        app(standalone_mode=True)
    except SequiturError as error:
        print(f"evals: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
