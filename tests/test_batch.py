"""Many conversations from a file: in order, with their ids, and all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sequitur.chat import Chat
from sequitur.render import record

ROWS = [
    {"id": "b", "turns": ["Does ketamine help nerve pain?", "And its side effects?"]},
    {"id": 7, "turns": ["What is the capital of France?"]},
    {"id": "a", "turns": ["How common are psychedelic effects with ketamine?"]},
    {"id": None, "turns": ["", "What is the dose of gabapentin?"]},
    {"id": "a", "turns": ["   "]},
    {"id": "u", "turns": ["I took too much ketamine"]},
]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "in.jsonl", ROWS)


def test_answers_come_in_the_order_of_the_questions_with_their_ids(chat: Chat, cli, source, tmp_path):
    result = cli("batch", source, tmp_path / "out.jsonl")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "6 of 6" in result.stderr
    answers = read(tmp_path / "out.jsonl")
    assert [answer["id"] for answer in answers] == [row["id"] for row in ROWS]
    assert [answer["question"] for answer in answers] == [row["turns"][-1] for row in ROWS]
    assert all(answer["disclaimer"] == chat.article.disclaimer for answer in answers)
    assert [answer["urgent"] for answer in answers] == [False] * 5 + [True]


def test_earlier_turns_are_the_history_of_the_last(cli, source, tmp_path):
    cli("batch", source, tmp_path / "out.jsonl")
    assert "ketamine" in read(tmp_path / "out.jsonl")[0]["standalone"].lower()


def test_one_conversation_knows_nothing_of_another(chat: Chat, cli, tmp_path):
    write(tmp_path / "in.jsonl", [{"id": 1, "turns": ["Does duloxetine help?"]}, {"id": 2, "turns": ["And its side effects?"]}])
    cli("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    alone = record(chat.ask("And its side effects?"))
    second = read(tmp_path / "out.jsonl")[1]
    assert {name: second[name] for name in alone if name != "milliseconds"} == json.loads(
        json.dumps({name: value for name, value in alone.items() if name != "milliseconds"})
    )


def test_a_last_turn_that_cannot_be_asked_is_answered_by_its_error(chat: Chat, cli, source, tmp_path):
    cli("batch", source, tmp_path / "out.jsonl")
    answer = read(tmp_path / "out.jsonl")[4]
    assert "empty" in answer["error"]
    assert answer["abstained"]
    assert answer["disclaimer"] == chat.article.disclaimer


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": 1, "turns": ["x"]}\nnot json\n', "line 2"),
        ('{"id": 1, "turns": ["x"]}\n\n{"id": 2}\n', "line 3"),
        ('{"id": 1, "turns": []}\n', "line 1"),
        ('{"id": 1, "turns": "one"}\n', "line 1"),
        ('{"id": 1, "turns": [1]}\n', "line 1"),
        ("[]\n", "line 1"),
        ("", "is empty"),
        ("\n\n", "is empty"),
    ],
)
def test_a_malformed_file_is_named_with_its_line_and_nothing_is_written(cli, tmp_path, content, said):
    (tmp_path / "in.jsonl").write_text(content, encoding="utf-8")
    (tmp_path / "out.jsonl").write_text("before", encoding="utf-8")
    result = cli("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.glob("*.jsonl*")) == ["in.jsonl", "out.jsonl"]


def test_a_missing_file_and_a_binary_one_are_named(cli, tmp_path):
    assert cli("batch", tmp_path / "none.jsonl", tmp_path / "out.jsonl").exit_code == 2
    (tmp_path / "in.jsonl").write_bytes(b"\xff\xfe\x00")
    result = cli("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert result.exit_code == 2
    assert "in.jsonl cannot be read" in result.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_target_that_cannot_be_written_is_one_line(cli, source, tmp_path):
    result = cli("batch", source, tmp_path / "nowhere" / "out.jsonl")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_batch_that_is_interrupted_leaves_the_old_file(cli, source, tmp_path, monkeypatch):
    (tmp_path / "out.jsonl").write_text("before", encoding="utf-8")
    asked = Chat.ask

    def interrupted(self, question, *rest, **named):
        if "psychedelic" in question:
            raise KeyboardInterrupt
        return asked(self, question, *rest, **named)

    monkeypatch.setattr(Chat, "ask", interrupted)
    assert cli("batch", source, tmp_path / "out.jsonl").exit_code == 130
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_a_byte_order_mark_and_windows_line_ends_are_read(cli, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b'\xef\xbb\xbf{"id": 1, "turns": ["ok thanks"]}\r\n')
    assert cli("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl").exit_code == 0
    assert read(tmp_path / "out.jsonl")[0]["outcome"] == "acknowledged"


def test_the_role_holds_for_every_conversation(cli, source, tmp_path):
    cli("batch", source, tmp_path / "out.jsonl", "--role", "patient")
    assert {answer["role"] for answer in read(tmp_path / "out.jsonl")} == {"patient"}
