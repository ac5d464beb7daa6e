"""The command line as scripts use it: exit codes, one JSON document, one line for a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sequitur.chat import Chat
from sequitur.settings import Settings

QUESTION = "How common are psychedelic effects with ketamine?"


def failed(result, code: int, words: str) -> None:
    """The command failed with that code, in one line on stderr that holds the words, and with nothing on stdout."""
    assert result.exit_code == code
    assert result.stdout == ""
    assert len(result.stderr.strip().split("\n")) == 1
    assert result.stderr.startswith("sequitur: ")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def database(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_an_answer_is_printed_with_sources_review_and_disclaimer(chat: Chat, cli):
    result = cli("ask", QUESTION)
    assert result.exit_code == 0
    assert "RR 4.94" in result.stdout
    assert "Sources" in result.stdout
    assert "review status: under review" in result.stdout
    assert f"Disclaimer: {chat.article.disclaimer}" in result.stdout


@pytest.mark.parametrize(
    "question", [QUESTION, "What is the capital of France?", "I took too much ketamine", "ok thanks", "How much ketamine should I take?"]
)
def test_with_json_stdout_is_one_answer_and_nothing_else(chat: Chat, cli, question):
    result = cli("ask", question, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["question"] == question
    assert answer["disclaimer"] == chat.article.disclaimer
    assert answer["abstained"] == (question == "What is the capital of France?")
    assert answer["urgent"] == (question == "I took too much ketamine")


@pytest.mark.parametrize("question", ["", "  ", "🙂🙂🙂", "a" * 20_000, "What\x00is it?", "?"])
@pytest.mark.parametrize("options", [(), ("--json",), ("--conversation", "c")])
def test_a_question_that_cannot_be_asked_is_one_line_and_exit_2_and_nothing_is_stored(cli, tmp_path, question, options):
    failed(cli("ask", question, *options), 2, "the question")
    assert not database(tmp_path).exists()


@pytest.mark.parametrize(
    "arguments", [("ask", QUESTION), ("ask", QUESTION, "--json"), ("search", "ketamine"), ("text", "x"), ("verify",), ("chat",)]
)
def test_without_an_index_every_command_names_the_command_that_builds_it(cli, monkeypatch, tmp_path, arguments):
    monkeypatch.setenv("SEQUITUR_INDEX", str(tmp_path / "none"))
    failed(cli(*arguments), 1, "sequitur ingest")


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask",),
        ("nonsense",),
        ("ask", "x", "--role", "wizard"),
        ("search", "x", "-k", "0"),
        ("search", "x", "-k", "ten"),
        ("ask", "x", "--nonsense"),
        ("run", "--port", "0"),
    ],
)
def test_wrong_usage_exits_with_2(cli, arguments):
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["ingest", "ask", "search", "batch", "verify", "text", "chat", "run"])
def test_every_command_has_help(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_a_conversation_is_continued_by_its_id(cli):
    first = json.loads(cli("ask", "Does ketamine help nerve pain?", "--conversation", "ward-7", "--json").stdout)
    second = json.loads(cli("ask", "And its side effects?", "--conversation", "ward-7", "--json").stdout)
    other = json.loads(cli("ask", "And its side effects?", "--conversation", "ward-8", "--json").stdout)
    assert first["standalone"] == first["question"]
    assert "ketamine" in second["standalone"].lower()
    assert other["standalone"] != second["standalone"]


def test_a_question_can_be_about_chosen_words(cli):
    chosen = "Discomfort during administration (RR 4.06; 95% CI 1.18 to 13.95)"
    answer = json.loads(cli("ask", "compared with what?", "--about", chosen, "--json").stdout)
    assert answer["standalone"] == f"compared with what (about: {chosen})?"
    assert any("4.06" in citation["passage"] for citation in answer["citations"])


def test_without_a_conversation_nothing_is_stored(cli, tmp_path):
    cli("ask", QUESTION)
    assert not database(tmp_path).exists()


def test_the_role_is_passed_on(cli):
    result = cli("ask", "Does ketamine help nerve pain?", "--role", "patient", "--json")
    assert json.loads(result.stdout)["role"] == "patient"
    assert "your own clinician" in json.loads(result.stdout)["answer"]


def test_a_search_is_a_ranked_list(cli):
    found = json.loads(cli("search", "hallucinations", "-k", "5", "--json").stdout)
    assert found["query"] == "hallucinations"
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3, 4, 5]
    assert {"score", "passage_id", "document_id", "title", "section", "text"} <= found["hits"][0].keys()
    assert cli("search", "hallucinations", "-k", "5").stdout.count("\n") == 10


def test_the_text_of_a_document_is_what_offsets_point_into(cli):
    answer = json.loads(cli("ask", QUESTION, "--json").stdout)
    for citation in answer["citations"]:
        text = cli("text", citation["source"]).stdout
        assert text[citation["start"] : citation["end"]] == citation["passage"]


def test_an_unknown_document_is_named_with_those_there_are(cli):
    failed(cli("text", "nobody"), 2, "pickering2020-ketamine-magnesium")


def test_an_ingest_reports_what_it_did_and_does_nothing_twice(cli, settings: Settings):
    result = cli("ingest", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"documents", "passages", "added", "changed", "removed", "unchanged", "rejected", "seconds", "index"} <= report.keys()
    assert (report["embedded"], report["unchanged"], report["index"]) == (0, report["documents"], settings.index)


def test_an_ingest_of_another_corpus_names_bad_files_on_stderr(cli, gout: Settings, monkeypatch):
    monkeypatch.setenv("SEQUITUR_INDEX", gout.index)
    (gout.corpus / "gout" / "references" / "bad.md").write_bytes(b"\x00")
    result = cli("ingest", gout.corpus, "--json")
    assert result.exit_code == 0
    [rejected] = json.loads(result.stdout)["rejected"]
    assert rejected["file"] == "gout/references/bad.md"
    assert "rejected gout/references/bad.md: holds NUL bytes" in result.stderr


def test_an_ingest_of_nothing_is_one_line(cli, tmp_path):
    failed(cli("ingest", tmp_path / "nowhere"), 1, "there is no corpus folder")


def test_verify_says_when_all_is_well_and_lists_what_is_not(cli, index_copy: Path, monkeypatch):
    monkeypatch.setenv("SEQUITUR_INDEX", str(index_copy))
    assert cli("verify").exit_code == 0
    assert json.loads(cli("verify", "--json").stdout) == {"ok": True, "differences": []}
    generation = index_copy / "generations" / (index_copy / "CURRENT").read_text(encoding="utf-8").split()[0]
    (generation / "vectors.faiss").write_bytes(b"rubbish")
    result = cli("verify")
    assert result.exit_code == 1
    assert "vectors.faiss" in result.stdout
    assert "sequitur ingest" in result.stderr
    damaged = cli("verify", "--json")
    assert damaged.exit_code == 1
    assert json.loads(damaged.stdout) == {"ok": False, "differences": ["vectors.faiss: missing or damaged"]}


def test_a_damaged_index_gives_no_answer(cli, index_copy: Path, monkeypatch):
    monkeypatch.setenv("SEQUITUR_INDEX", str(index_copy))
    generation = index_copy / "generations" / (index_copy / "CURRENT").read_text(encoding="utf-8").split()[0]
    data = bytearray((generation / "passages.jsonl").read_bytes())
    data[1000] ^= 1
    (generation / "passages.jsonl").write_bytes(data)
    failed(cli("ask", QUESTION, "--json"), 1, "passages.jsonl")


def test_a_wrong_setting_is_one_line_and_exit_2(cli, tmp_path):
    (tmp_path / "sequitur.toml").write_text("nonsense = 1\n", encoding="utf-8")
    failed(cli("ask", QUESTION), 2, "'nonsense'")


def test_an_unusable_conversation_store_costs_the_history_and_not_the_answer(cli, monkeypatch):
    monkeypatch.setenv("SEQUITUR_DATABASE_URL", "sqlite:////proc/nowhere/history.db")
    result = cli("ask", QUESTION, "--conversation", "c", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["citations"]
    assert "not kept" in result.stderr
    assert "SEQUITUR_DATABASE_URL" in result.stderr
    assert result.stderr.count("\n") == 1
    failed(cli("conversations", "list"), 1, "SEQUITUR_DATABASE_URL")
    failed(cli("ask", QUESTION, "--conversation", " "), 1, "1 to 100 characters")


def test_a_chat_in_the_terminal_answers_until_an_empty_line(chat: Chat, cli, monkeypatch):
    lines = iter(["Does ketamine help nerve pain?", "🙂", "And its side effects?", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))
    result = cli("chat")
    assert result.exit_code == 0
    assert result.stdout.count(f"Disclaimer: {chat.article.disclaimer}") == 2
    assert "Understood as: " in result.stdout
    assert "sequitur: the question has no letters" in result.stderr


@pytest.fixture
def environment(settings: Settings, index_dir: Path, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "SEQUITUR_CORPUS": str(settings.corpus),
        "SEQUITUR_INDEX": str(index_dir),
        "SEQUITUR_MODELS": str(settings.models),
        "SEQUITUR_DATABASE_URL": f"sqlite:///{tmp_path / 'history.db'}",
    }


def test_a_question_loads_none_of_the_heavy_libraries(environment, tmp_path):
    script = (
        "import sys, sequitur.cli as cli\n"
        "try: cli.app(['ask', sys.argv[1], '--conversation', 'c', '--json'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'langchain', 'langchain_core', 'streamlit', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, QUESTION], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert json.loads(done.stdout)["citations"]


def test_the_console_script_answers_on_stdout_alone(environment, tmp_path):
    command = [str(Path(sys.executable).with_name("sequitur")), "ask", QUESTION, "--json"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["question"] == QUESTION
    assert done.stderr == ""


def test_a_reader_that_stops_reading_gets_no_traceback(environment, tmp_path):
    script = f"{Path(sys.executable).with_name('sequitur')} search ketamine -k 500 | head -1"
    done = subprocess.run(["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
