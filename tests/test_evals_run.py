"""A run as a whole: repeatable, resumed where it stopped, refused where it is not finished, compared and gated."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evals.__main__ import main
from evals.cases import Case, load_cases
from evals.compare import compare, measures, told
from evals.figures import figures, flat, parity, report, self_contained
from evals.gate import BASELINE, HELD, breaches, read_baseline, write_baseline
from evals.run import Plan, run
from evals.store import Progress, RunError, open_run, run_folder
from sequitur.assemble import Assembly, assemble
from sequitur.errors import SequiturError
from sequitur.settings import Settings

QUOTE = "Psychedelic effects (hallucinations, memory defects, panic attacks) are common and statistically significant (RR 4.94; 95% CI 2.76 to 8.84)"


def row(identity: str, *turns: str, outcome: str = "answer", split: str = "dev") -> dict[str, object]:
    answerable = outcome == "answer"
    return {
        "id": identity, "split": split, "kind": "single", "unseen": True, "role": "clinician", "turns": list(turns),
        "standalone": "How common are psychedelic effects with ketamine?" if answerable else turns[-1], "outcome": outcome,
        "nuggets": [{"id": "n", "text": "RR 4.94", "vital": True, "patterns": [r"4\.94"]}] if answerable else [], "forbidden": [],
        "evidence": [{"document": "ketamine-neuropathic-pain", "quote": QUOTE, "nugget": "n"}] if answerable else [],
    }  # fmt: skip


ROWS = [
    row("common", "How common are psychedelic effects with ketamine?"),
    row("capital", "What is the capital of France?", outcome="abstain"),
    row("then", "Does ketamine help nerve pain?", "And how common are psychedelic effects?"),
    row("held-out", "psychedelic effects of ketamine?", split="test"),
]


@pytest.fixture(scope="module")
def assembly(settings: Settings, index_dir: Path) -> Assembly:
    assert index_dir.is_dir()
    return assemble(settings)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, ...]:
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in ROWS), encoding="utf-8")
    return load_cases(path)


@pytest.fixture(scope="module")
def asked(assembly: Assembly, settings: Settings, cases: tuple[Case, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with baselines."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    run(Plan(assembly, settings, cases, folder, with_baselines=True), say=lambda _: None)
    return folder


@pytest.fixture
def again(assembly: Assembly, settings: Settings, cases: tuple[Case, ...], tmp_path: Path) -> Callable[..., list[str]]:
    """Runs the cases, or others, into a folder; returns what was said."""

    def runs(folder: Path, others: tuple[Case, ...] = cases) -> list[str]:
        said: list[str] = []
        run(Plan(assembly, settings, others, folder), say=said.append)
        return said

    return runs


def test_a_run_asks_every_case_with_its_own_history(asked):
    found = open_run(str(asked))
    assert [judged.id for judged in found.judged] == [answer["id"] for answer in found.predictions()] == [value["id"] for value in ROWS]
    assert all(judged.right_outcome for judged in found.judged)
    assert [judged.vital for judged in found.judged] == [1.0, None, 1.0, 1.0]
    assert all(judged.ndcg10 > 0 for judged in found.judged if judged.expected == "answer")
    assert "psychedelic" in found.predictions()[2]["standalone"].lower()
    assert all("milliseconds" not in answer for answer in found.predictions())


def test_two_runs_are_equal_byte_for_byte(asked, again, tmp_path):
    again(tmp_path / "second")
    for name in ("predictions.jsonl", "run.trec", "qrels.trec"):
        assert (tmp_path / "second" / name).read_bytes() == (asked / name).read_bytes()


def test_dev_and_test_are_summed_up_apart(asked):
    summary = open_run(str(asked)).summary
    assert {split: found["cases"] for split, found in summary["splits"].items()} == {"dev": 3, "test": 1}
    assert summary["cases"] == 4
    assert summary["splits"]["dev"]["abstention"]["f1"] == 1.0
    assert (summary["disclaimer_share"], summary["splits"]["dev"]["baselines"]["oracle"]["nugget_recall"]["mean"]) == (1.0, 1.0)
    assert set(summary["splits"]["dev"]["follow_up_parity"]) == {"ndcg@10", "recall@5", "evidence@5", "nugget_recall", "evidence_recall"}
    printed = report(summary)
    assert [line for line in printed.split("\n") if line in {"dev", "test"}] == ["dev", "test"]
    assert "langchain" in printed


def test_a_run_says_what_it_was_made_with(asked, assembly):
    made = open_run(str(asked)).summary["provenance"]
    assert (made["generation"], made["embedder"], made["seed"]) == (assembly.index.generation, assembly.embedder.fingerprint, 0)
    assert made["llm"] is None
    assert set(made["gold"]) == {"dev", "test"}
    assert "answer" in made["prompts"]
    assert all(len(made[name]) == 16 for name in ("code", "corpus", "settings"))


def test_every_file_of_a_run_is_there(asked):
    files = set(open_run(str(asked)).summary["files"])
    assert {
        "predictions.jsonl",
        "judged.jsonl",
        "run.trec",
        "qrels.trec",
        "baselines/bm25/run.trec",
        "baselines/oracle/judged.jsonl",
    } <= files
    assert not (asked / "progress.jsonl").exists()


def test_an_interrupted_run_is_refused_and_goes_on_where_it_stopped(assembly, settings, cases, asked, tmp_path):
    folder = tmp_path / "stopped"

    class StopError(Exception):
        pass

    def stop(line: str) -> None:
        raise StopError(line)

    with pytest.raises(StopError):
        run(Plan(assembly, settings, cases, folder), say=stop)
    with pytest.raises(RunError, match="was interrupted"):
        open_run(str(folder))
    progress = folder / "progress.jsonl"
    rows = [json.loads(line) for line in progress.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(cases)
    rows[0]["answer"]["note"] = "kept from before"
    torn = "".join(json.dumps(value) + "\n" for value in rows[:2]) + json.dumps(rows[2])[:40]
    progress.write_text(torn, encoding="utf-8")
    altered = (cases[0], replace(cases[1], turns=("What is the capital of Spain?",)), *cases[2:])
    run(Plan(assembly, settings, altered, folder), say=lambda _: None)
    predictions = open_run(str(folder)).predictions()
    assert predictions[0]["note"] == "kept from before"
    assert predictions[1]["question"] == "What is the capital of Spain?"
    assert predictions[2:] == open_run(str(asked)).predictions()[2:]


def test_a_run_begun_anew_is_no_finished_run_until_it_ends(again, assembly, settings, cases, tmp_path):
    again(tmp_path / "r", cases[:1])

    def stop(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        run(Plan(assembly, settings, cases[:1], tmp_path / "r"), say=stop)
    with pytest.raises(RunError, match="was interrupted"):
        open_run(str(tmp_path / "r"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "summary.json").unlink(), "there is no run"),
        (lambda folder: (folder / "summary.json").write_text("{", encoding="utf-8"), "cannot be read"),
        (lambda folder: (folder / "summary.json").write_text("{}", encoding="utf-8"), "no summary of a finished run"),
        (lambda folder: (folder / "judged.jsonl").write_text("", encoding="utf-8"), "not the file the run was finished with"),
        (lambda folder: (folder / "run.trec").unlink(), "is missing"),
    ],
)
def test_a_damaged_run_is_refused_by_name(again, cases, tmp_path, damage, said):
    again(tmp_path / "r", cases[:1])
    damage(tmp_path / "r")
    with pytest.raises(RunError, match=said) as caught:
        open_run(str(tmp_path / "r"))
    assert str(tmp_path / "r") in str(caught.value)


def test_a_run_is_written_by_one_process_alone(again, cases, tmp_path):
    held = Progress(tmp_path / "r")
    with pytest.raises(RunError, match="is being written by another process"):
        again(tmp_path / "r", cases[:1])
    held.close(finished=False)
    assert again(tmp_path / "r", cases[:1]) == ["asked 1 of 1 cases"]


def test_a_name_of_a_run_is_a_plain_name():
    assert run_folder("a-1.b") == Path("evals/runs/a-1.b")
    with pytest.raises(RunError, match="no name of a run"):
        run_folder("..")


def test_a_run_compared_with_itself_has_not_changed(asked):
    found = compare(open_run(str(asked)), open_run(str(asked)))
    assert found["same_gold"]
    assert found["provenance_changed"] == {}
    assert found["splits"]["dev"]["changed"] == []
    assert "changed" not in found["splits"]["test"]
    assert all(row["difference"] == 0 and row["p"] == 1.0 for row in found["splits"]["dev"]["measures"].values())


def test_what_changed_is_told_case_by_case(asked):
    before = open_run(str(asked))
    worse = replace(before.judged[0], vital=0.0, outcome="abstained")
    found = compare(before, replace(before, judged=(worse, *before.judged[1:])))
    assert found["splits"]["dev"]["changed"] == [
        {"id": "common", "expected": "answer", "outcome": ["answered", "abstained"], "nugget_recall": [1.0, 0.0]}
    ]
    row = found["splits"]["dev"]["measures"]["nugget_recall"]
    assert (row["a"], row["b"], row["difference"], row["rose"], row["fell"], row["cases"]) == (1.0, 0.5, -0.5, 0, 1, 2)
    assert row["p"] == 1.0  # one pair can be a chance
    assert found["splits"]["dev"]["measures"]["abstention.over_refusal"]["b"] == 0.5
    assert "common (expected answer): outcome answered → abstained" in told(found)


def test_twelve_cases_lost_are_no_chance(asked):
    judged = open_run(str(asked)).judged[0]
    pairs = [(judged, replace(judged, vital=0.0))] * 12
    assert measures(pairs)["nugget_recall"]["p"] == pytest.approx(2 / 4096, abs=1e-4)
    assert measures(pairs)["nugget_recall"]["p_holm"] < 0.05


def test_runs_of_other_cases_are_not_compared(asked):
    whole = open_run(str(asked))
    with pytest.raises(RunError, match=r"has no prediction for 'common' \(.*judged\.jsonl, line 1\)"):
        compare(whole, replace(whole, judged=whole.judged[1:]))


def test_parity_is_the_share_of_what_a_human_rewrite_brings_on_follow_ups(asked):
    judged = open_run(str(asked)).judged[2]
    human = replace(judged, vital=1.0, evidence=0.0, ndcg10=0.8, recall5=0.5, evidence5=1.0)
    ours = replace(judged, vital=0.5, evidence=0.0, ndcg10=0.8, recall5=1.0, evidence5=1.0)
    single = replace(judged, turns=1, vital=0.0)
    assert parity([ours, single], [human, single]) == {
        "ndcg@10": 1.0,
        "recall@5": 2.0,
        "evidence@5": 1.0,
        "nugget_recall": 0.5,
        "evidence_recall": 1.0,
    }
    assert parity([single], [single]) == {}


def test_a_turn_that_needs_no_history_is_worse_where_history_costs_it_evidence(asked):
    judged = open_run(str(asked)).judged[2]
    rows = [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.0, 0.5, 1.0), (1.0, 0.0, 0.0), (0.0, 0.5, 0.5)]  # with history, alone, in a human's words
    ours, alone, human = ([replace(judged, turns=2, evidence5=row[place]) for row in rows] for place in range(3))
    assert self_contained(ours, alone, human) == {"cases": 3, "worse": 0.6667}
    first = [replace(row, turns=1) for row in ours]
    assert self_contained(first, alone, human) == {"cases": 0}


def test_figures_without_cases_of_a_kind_are_none_and_left_out_of_the_flat_form(asked):
    [found] = [row for row in open_run(str(asked)).judged if row.id == "capital"]
    summed = figures({"sequitur": [found]})
    assert summed["nugget_recall"] is None
    assert "nugget_recall" not in flat(summed)
    assert flat(summed)["abstention.f1"] == 1.0


def test_the_gate_holds_a_run_against_the_baseline_written_from_it(asked, tmp_path):
    whole = open_run(str(asked))
    floor = write_baseline(whole, tmp_path / "baseline.json")
    assert read_baseline(tmp_path / "baseline.json") == floor
    assert breaches(whole, floor) == []
    assert floor["figures"]["disclaimer_share"] == {"at_least": 1.0}
    assert floor["figures"]["forbidden_statements"] == {"at_most": 0.0}
    higher = {
        **floor,
        "figures": {"nugget_recall": {"at_least": 1.1}, "abstention.over_refusal": {"at_most": -0.1}, "sparkle": {"at_least": 0.1}},
    }
    assert breaches(whole, higher) == [
        "nugget_recall is 1.0000, below 1.1",
        "abstention.over_refusal is 0.0000, above -0.1",
        "sparkle was not measured",
    ]


def test_the_baseline_in_force_holds_known_figures():
    assert set(read_baseline(BASELINE)["figures"]) == set(HELD)


@pytest.mark.parametrize("text", ["", "{}", '{"figures": {}}', '{"figures": {"rr": {"about": 1}}}', "[]"])
def test_an_unusable_baseline_is_refused(tmp_path, text):
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"b\.json"):
        read_baseline(tmp_path / "b.json")


# --- the command line --------------------------------------------------------------------------------------------------------


@pytest.fixture
def evals(
    settings: Settings, index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`evals("run", …)` → exit code, stdout, stderr, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"CORPUS": settings.corpus, "INDEX": index_dir, "MODELS": settings.models}.items():
        monkeypatch.setenv(f"SEQUITUR_{name}", str(value))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evals", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


def write_gold(folder: Path, *rows: object) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in rows), encoding="utf-8")
    return path


def test_run_prints_one_json_document(evals, tmp_path):
    code, out, _ = evals("run", "--gold", write_gold(tmp_path, *ROWS[:2]), "--name", "r", "--json")
    found = json.loads(out)
    assert (code, found["cases"], found["nugget_recall"]["mean"]) == (0, 2, 1.0)
    assert json.loads((tmp_path / "evals/runs/r/summary.json").read_text(encoding="utf-8"))["complete"] is True


STRAY = {**ROWS[0], "id": "stray", "evidence": [{"document": "ketamine-neuropathic-pain", "quote": "Ketamine cures all.", "nugget": "n"}]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((ROWS[1], "{"), "gold.jsonl, line 2: not JSON"),
        ((ROWS[1], {**ROWS[0], "mood": 1}), "gold.jsonl, line 2: missing or unknown fields ['mood']"),
        ((ROWS[1], ROWS[1]), "gold.jsonl, line 2: the id 'capital' stands in"),
        ((ROWS[1], STRAY), "gold.jsonl, line 2: the quote 'Ketamine cures all.' is not in"),
        ((), "gold.jsonl: no gold cases"),
    ],
)
def test_bad_gold_is_named_by_file_and_line_and_leaves_no_run(evals, tmp_path, rows, said):
    code, out, err = evals("run", "--gold", write_gold(tmp_path, *rows), "--name", "r", "--json")
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "evals").exists()


def test_compare_gate_and_baseline_work_on_finished_runs(evals, tmp_path):
    gold = write_gold(tmp_path, *ROWS[:2])
    assert evals("run", "--gold", gold, "--name", "a")[0] == 0
    code, out, _ = evals("compare", "a", "a", "--json")
    assert (code, json.loads(out)["splits"]["dev"]["cases"]) == (0, 2)
    assert evals("compare", "a", "b")[0::2] == (2, "evals: there is no run evals/runs/b\n")
    assert evals("compare", "a", "a", "--split", "train")[0] == 2
    assert evals("baseline", "a", "--out", "floor.json")[0] == 0
    code, out, _ = evals("gate", "--baseline", "floor.json", "--gold", gold)
    assert (code, out.split(", ")[-1]) == (0, "0 broken\n")
    floor = json.loads((tmp_path / "floor.json").read_text(encoding="utf-8"))
    floor["figures"]["rr"] = {"at_least": 1.01}
    (tmp_path / "floor.json").write_text(json.dumps(floor), encoding="utf-8")
    code, out, _ = evals("gate", "--baseline", "floor.json", "--run", "a")
    assert code == 1
    assert "below 1.01" in out


def test_answers_written_elsewhere_are_judged_and_none_may_be_missing(evals, asked, tmp_path):
    gold = write_gold(tmp_path, *ROWS)
    lines = (asked / "predictions.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(lines), encoding="utf-8")
    code, out, _ = evals("score", answers, "--gold", gold, "--json")
    assert (code, json.loads(out)["nugget_recall"]["mean"], json.loads(out)["ndcg@10"]) == (0, 1.0, None)
    stranger = json.dumps({**json.loads(lines[0]), "id": "stranger"})
    for text, said in (
        ("".join(lines[:3]), f"answers.jsonl: no prediction for 'held-out' ({gold}, line 4)"),
        (lines[0] * 2, "answers.jsonl, line 2: a second prediction for 'common'"),
        (stranger, "answers.jsonl, line 1: the id 'stranger' is not in the gold file"),
        (json.dumps({"id": "common"}), "answers.jsonl, line 1: not an answer"),
        (lines[0].replace('"citations": [1', '"citations": [99', 1), "line 1: a claim cites [99]"),
    ):
        answers.write_text(text, encoding="utf-8")
        code, out, err = evals("score", answers, "--gold", gold)
        assert (code, out) == (2, "")
        assert said in err


def test_errors_of_runs_and_gold_are_explained_ones():
    assert issubclass(RunError, SequiturError)
    assert RunError.exit_code == 2
