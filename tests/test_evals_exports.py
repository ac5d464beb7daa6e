"""Runs in other tools' schemas, conversations as gold cases, and the second judge: against a real run of a small corpus and a real local server."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.__main__ import main
from evals.add import append, stub
from evals.cases import Case, Evidence, GoldError, Nugget, faults, load_cases
from evals.exports import mtrag, ragas, unmarked
from evals.judge import agreement, kappa, open_judge
from evals.judge import judge as opinions
from evals.run import Plan
from evals.run import run as run_cases
from evals.store import Run, RunError, open_run, write_rows
from ingest.build import build_index
from sequitur.assemble import Assembly, assemble
from sequitur.chat import open_chat
from sequitur.errors import ModelError
from sequitur.history import open_history
from sequitur.index import Index, open_index
from sequitur.settings import Settings
from tests.conftest import GOUT, write_note

QUOTE = "Colchicine shortened the attack by 2 days against placebo."
FIRST = Case(
    id="attack",
    split="dev",
    kind="single",
    unseen=False,
    role="clinician",
    turns=("How much does colchicine shorten the gout attack against placebo?",),
    standalone="How much does colchicine shorten the gout attack against placebo?",
    outcome="answer",
    nuggets=(Nugget("two-days", "The attack is 2 days shorter", vital=True, patterns=(r"\b2 days",)),),
    forbidden=(),
    evidence=(Evidence("doe2019", QUOTE, "two-days"),),
)
SECOND = dataclasses.replace(
    FIRST, id="later", kind="follow-up", turns=("Does colchicine help in gout?", "by how many days, against placebo?")
)
NOTHING = dataclasses.replace(
    FIRST, id="nothing", kind="unanswerable", turns=("Is methotrexate used in psoriasis?",), outcome="abstain", nuggets=(), evidence=()
)
CASES = {case.id: case for case in (FIRST, SECOND, NOTHING)}


@pytest.fixture(scope="module")
def small(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An article on gout and one note, indexed once, with a stored conversation of two turns."""
    place = tmp_path_factory.mktemp("gout")
    folder = place / "corpus" / "gout"
    folder.mkdir(parents=True)
    (folder / "article.txt").write_text(GOUT, encoding="utf-8")
    write_note(folder, "doe2019", 1, f"{QUOTE} No patient died.")
    changes = {"corpus": place / "corpus", "index": str(place / "index"), "database_url": f"sqlite:///{place / 'small.db'}"}
    small = settings.model_copy(update=changes)
    build_index(small)
    chat, history = open_chat(small), open_history(small)
    first = chat.ask(FIRST.turns[0])
    history.append("talk", first)
    history.append("talk", chat.ask("Is methotrexate used in psoriasis?", (chat.turn(first),)))
    return small


@pytest.fixture(scope="module")
def whole(small: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Assembly]:
    """A run of three cases over it."""
    assembly, folder = assemble(small), tmp_path_factory.mktemp("runs") / "a-run"
    run_cases(Plan(assembly, small, tuple(CASES.values()), folder), lambda line: None)
    return folder, assembly


@pytest.fixture
def finished(whole: tuple[Path, Assembly], tmp_path: Path) -> tuple[Run, Index]:
    """A copy of the run, to write into, and the index it is of."""
    folder, assembly = whole
    return open_run(str(shutil.copytree(folder, tmp_path / "a-run"))), assembly.index


def test_both_schemas_have_what_their_readers_ask_for(finished: tuple[Run, Index]):
    run, index = finished
    first, second, nothing = ragas(run, CASES, index)
    assert set(first) >= {"user_input", "retrieved_contexts", "reference_contexts", "response", "reference"}
    assert "2 days" in first["response"]
    assert "[1]" not in first["response"]
    assert first["reference"] == "The attack is 2 days shorter."
    assert first["reference_contexts"] == [QUOTE]
    assert QUOTE in first["retrieved_contexts"]
    assert second["user_input"] == SECOND.standalone
    assert nothing["reference"] == ""
    one, two, three = mtrag(run, CASES, index)
    assert one["task_id"] == "attack<::>1"
    assert two["input"] == [{"speaker": "user", "text": turn} for turn in SECOND.turns]
    assert three["Answerability"] == ["UNANSWERABLE"]
    for task in (one, two, three):
        assert isinstance(task["Collection"], str)
        assert len(task["contexts"]) <= 10
        assert all(isinstance(context["document_id"], str) and 0 < context["score"] <= 1 for context in task["contexts"])
        assert all(isinstance(said["text"], str) for said in task["predictions"])


def test_a_run_of_other_cases_or_of_another_index_is_refused(finished: tuple[Run, Index]):
    run, index = finished
    with pytest.raises(RunError, match="'attack' is not in the gold set"):
        list(ragas(run, {}, index))
    (run.folder / "run.trec").write_text("attack Q0 nowhere:1-2 1 1.0 x\n")
    with pytest.raises(RunError, match="nowhere:1-2"):
        list(mtrag(run, CASES, index))
    (run.folder / "run.trec").write_text("attack Q0\n")
    with pytest.raises(RunError, match="no TREC run"):
        list(mtrag(run, CASES, index))


def test_an_answers_words_without_its_markup():
    assert (
        unmarked("- **Roe (trial)**: Pain \\[fell\\] by 30%. [1][2]\n- So it did [12].") == "Roe (trial): Pain [fell] by 30%.\nSo it did."
    )


@given(st.text(alphabet="abc 123.,%", max_size=60))
def test_plain_words_stay_as_they_are(text):
    assert unmarked(text) == text.strip()


# --- conversations as cases ----------------------------------------------------------------------------------------------


def test_a_stub_is_refused_until_its_author_has_written_patterns(small: Settings, tmp_path: Path):
    file, documents = tmp_path / "gold" / "added.jsonl", open_index(small.index).documents
    case = stub(open_history(small).answers("talk"), "gout-attack", 1)
    append(case, file)
    (kept,) = load_cases(file)
    assert kept.turns == FIRST.turns
    assert kept.outcome == "answer"
    assert faults([kept], documents)
    for nugget, evidence in zip(case["nuggets"], case["evidence"], strict=True):
        nugget["patterns"] = [r"2 days|\w+"]
        assert evidence["quote"] in documents[evidence["document"]].text
    file.write_text(json.dumps(case) + "\n")
    assert faults(load_cases(file), documents) == []


def test_a_later_turn_keeps_the_conversation_before_it(small: Settings):
    case = stub(open_history(small).answers("talk"), "later")
    assert len(case["turns"]) == 2
    assert case["outcome"] == "abstain"
    assert case["kind"] == "unanswerable"
    assert case["nuggets"] == case["evidence"] == []


@pytest.mark.parametrize(("identity", "said"), [("Not An Id", "no id of a case"), ("taken", "is taken")])
def test_an_unusable_id_is_refused_and_nothing_is_written(small: Settings, tmp_path: Path, identity, said):
    file = tmp_path / "gold.jsonl"
    append(stub(open_history(small).answers("talk"), "taken"), file)
    before = file.read_bytes()
    with pytest.raises(GoldError, match=said):
        append(stub(open_history(small).answers("talk"), identity), file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("turn", [0, 3])
def test_a_turn_that_is_not_there_is_named(small: Settings, turn):
    with pytest.raises(GoldError, match=f"2 turns, no turn {turn}"):
        stub(open_history(small).answers("talk"), "x", turn)
    with pytest.raises(GoldError, match="0 turns"):
        stub((), "x")


def test_the_command_adds_a_case(small: Settings, tmp_path: Path, monkeypatch, capsys):
    file = tmp_path / "gold.jsonl"
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", small.database_url)
    monkeypatch.setattr(sys, "argv", ["evals", "add", "talk", "--id", "gout-attack", "--turn", "1", "--to", str(file)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert "gout-attack" in capsys.readouterr().out
    assert load_cases(file)[0].id == "gout-attack"


# --- the second judge ----------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Answers every request as its script says; keeps what was asked."""

    script: Callable[[str], str]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        self.server.asked.append(prompt)
        message = {"role": "assistant", "content": self.server.script(prompt)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        reply = json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.asked = []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


@pytest.fixture
def judged_by(server: Server, small: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    return small.model_copy(update={"llm": "openai:scripted", "llm_base_url": f"http://127.0.0.1:{server.server_port}/v1"})


def decisions(prompt: str, word: str) -> str:
    """The lines that are asked for, all with one word."""
    found = [line.split(":")[0] for line in prompt.split("-----")[1].splitlines() if line.startswith(("CLAIM ", "FACT "))]
    return "\n".join(f"{place}: {word}" for place in found)


def test_both_judges_stand_side_by_side_and_nothing_is_asked_twice(finished, server: Server, judged_by: Settings):
    run, _ = finished
    server.script = lambda prompt: decisions(prompt, "yes")
    found = list(opinions(run, CASES, "scripted", open_judge(judged_by)))
    assert [opinion.case for opinion in found] == [row["id"] for row in run.predictions() if row["claims"]]
    assert all(opinion.unread == 0 for opinion in found)
    assert found[0].facts == ((True, True),)
    assert agreement(found)["facts"]["agreement"] == 1.0
    times = len(server.asked)
    assert times == len(found)
    assert list(opinions(run, CASES, "scripted", open_judge(judged_by))) == found
    assert len(server.asked) == times
    list(opinions(run, CASES, "another model", open_judge(judged_by)))
    assert len(server.asked) == 2 * times


def test_what_a_reply_leaves_out_is_counted_and_not_guessed(finished, server: Server, judged_by: Settings):
    run, _ = finished
    server.script = lambda prompt: "CLAIM 1: no, it does not\nCLAIM 99: yes\nI cannot say more."
    found = list(opinions(run, CASES, "scripted", open_judge(judged_by)))
    assert found[0].claims == ((True, False),)
    assert found[0].facts == ()
    assert agreement(found)["decisions left out"] == sum(opinion.unread for opinion in found) > 0


def test_no_judge_is_asked_unless_one_is_named(small: Settings):
    with pytest.raises(ModelError, match="no judge is named"):
        open_judge(small)
    with pytest.raises(ModelError, match="nosuch:model"):
        open_judge(small.model_copy(update={"llm": "nosuch:model"}))


def test_damaged_replies_are_named(finished, judged_by: Settings):
    run, _ = finished
    (run.folder / "judge.jsonl").write_text("{\n")
    with pytest.raises(RunError, match=r"judge\.jsonl is damaged"):
        list(opinions(run, CASES, "scripted", open_judge(judged_by)))


def test_kappa_by_hand():
    # 20 both yes, 5 yes/no, 10 no/yes, 15 both no: observed 0.7, by chance 0.5 (Cohen's classic table)
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert kappa(pairs) == 0.4
    assert kappa([(True, True)] * 3) is None
    assert kappa([]) is None
    assert kappa([(True, False), (False, True)]) == -1.0


def test_the_export_command_writes_both_files(finished, small: Settings, tmp_path: Path, monkeypatch, capsys):
    run, _ = finished
    gold = tmp_path / "gold.jsonl"
    write_rows(gold, list(CASES.values()))
    monkeypatch.setenv("SEQUITUR_INDEX", small.index)
    monkeypatch.setattr(sys, "argv", ["evals", "export", str(run.folder), "--gold", str(gold), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    for line in capsys.readouterr().out.splitlines():
        assert len(Path(line).read_text(encoding="utf-8").splitlines()) == 3
