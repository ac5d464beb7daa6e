"""Public layouts read from disk: what is measured is what theory says on tiny sets, and what is malformed is named by file and line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.__main__ import main
from evals.external.bioasq import bioasq, read_golden, rouge2, snippet_recall
from evals.external.flat import open_flat
from evals.external.layout import DataError, read_conversations, read_corpus, read_qrels, read_queries
from evals.external.retrieval import retrieval
from evals.external.scores import score
from evals.followup import followup, self_contained
from evals.units import Unit
from sequitur.settings import Settings

TEXTS = {
    "walls": "Hadrian's Wall is a Roman wall in the north of England. It is 117 kilometres long. Emperor Hadrian had it built.",
    "bees": "Honey bees live in hives. A queen lays up to 2,000 eggs a day. Workers gather nectar and pollen.",
    "tides": "Tides are caused by the pull of the moon. Spring tides come at full and new moon.",
    "paper": "Paper was invented in China. It is made from wood pulp. Recycling saves trees.",
}
TALKS = {
    "one": (["Who built Hadrian's Wall?", "How long is it?"], "walls"),
    "two": (["What do honey bees gather?"], "bees"),
    "three": (["What are tides?", "And what has the moon to do with them?"], "tides"),
}


def write_lines(file: Path, rows: list[object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Three conversations in MTRAG's layout."""
    write_lines(tmp_path / "corpus.jsonl", [{"_id": identity, "title": "", "text": text} for identity, text in TEXTS.items()])
    rows = []
    for identity, (turns, _) in TALKS.items():
        said: list[dict[str, str]] = []
        for turn in turns:
            said += [{"speaker": "user", "text": turn}, {"speaker": "agent", "text": "I see."}]
        rows.append({"id": identity, "domain": "school", "turns": said[:-1]})
    write_lines(tmp_path / "conversations.jsonl", rows)
    judged = "".join(f"{identity}\t{document}\t1\n" for identity, (_, document) in TALKS.items())
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged, encoding="utf-8")
    return tmp_path


def test_follow_ups_find_their_passages_and_simpler_queries_stand_beside_them(talks: Path, settings: Settings, capsys):
    write_lines(talks / "rewrites.jsonl", [{"id": "one", "rewrite": "How long is Hadrian's Wall?"}])
    assert followup(talks, settings) == {
        "ndcg@5": 1.0,
        "recall@5": 1.0,
        "conversations": 3,
        "multi_turn": {"ndcg@5": 1.0, "recall@5": 1.0, "conversations": 2},
        "self_contained": {"conversations": 2, "worse": 0.0},
    }
    told = capsys.readouterr().err
    for row in ("last turn only", "last two turns", "all turns", "human rewrite", "school"):
        assert row in told


def test_self_contained_turns_are_those_that_find_all_by_themselves():
    qrels = {"kept": {"a": 1}, "lost": {"a": 1, "b": 2, "c": 0}, "leaning": {"a": 1}}
    alone = {"kept": {"a": 1.0}, "lost": {"b": 2.0, "a": 1.0}, "leaning": {"z": 1.0}}
    later = {f"x{number}": 9.0 - number for number in range(5)}
    run = {"kept": {"z": 2.0, "a": 1.0}, "lost": {**later, "a": 9.5, "b": 1.0}, "leaning": {"a": 1.0}}
    assert self_contained(qrels, run, alone) == {"conversations": 2, "worse": 0.5}
    assert self_contained(qrels, run, {}) == {"conversations": 0, "worse": None}


def test_the_command_prints_one_json_document_as_its_last_line(talks: Path, settings: Settings, monkeypatch, capsys):
    monkeypatch.setenv("SEQUITUR_MODELS", str(settings.models))
    monkeypatch.setattr(sys, "argv", ["evals", "followup", str(talks), "--unit", "sentence"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert set(json.loads(capsys.readouterr().out.splitlines()[-1])) >= {"ndcg@5", "recall@5", "conversations", "multi_turn"}


def test_sentences_are_folded_to_their_passages(settings: Settings):
    with open_flat(TEXTS, settings, Unit.SENTENCE) as flat:
        assert len(flat.index.passages) == 11
        assert set(flat.search(["honey bees"])) <= set(TEXTS)
        assert flat.sentences(["How many eggs does a queen lay?"], 1) == ("A queen lays up to 2,000 eggs a day.",)


def test_what_cannot_be_asked_finds_nothing_and_counts_as_missed(settings: Settings):
    with open_flat(TEXTS, settings) as flat:
        assert flat.search(["??"]) == {}
        assert flat.search(["??", "honey bees"])
    assert score({"a": {"x": 1}, "b": {"y": 1}}, {"a": {"x": 1.0}, "b": {}}, ["nDCG@5", "R@5"]) == {"nDCG@5": 0.5, "R@5": 0.5}


@pytest.mark.parametrize(
    ("layout", "files"),
    [("beir", ("corpus.jsonl", "queries.jsonl", "qrels.tsv")), ("trec", ("collection.tsv", "topics.tsv", "qrels.txt"))],
)
def test_retrieval_sets_are_read_in_either_layout(layout, files, tmp_path: Path, settings: Settings):
    queries = {turns[-1]: (identity, document) for identity, (turns, document) in TALKS.items() if identity == "two"}
    if layout == "beir":
        write_lines(tmp_path / files[0], [{"_id": identity, "text": text} for identity, text in TEXTS.items()])
        write_lines(tmp_path / files[1], [{"_id": identity, "text": text} for text, (identity, _) in queries.items()])
        qrels = "query-id\tcorpus-id\tscore\ntwo\tbees\t2\ntwo\tpaper\t0\n"
    else:
        (tmp_path / files[0]).write_text("".join(f"{identity}\t{text}\n" for identity, text in TEXTS.items()))
        (tmp_path / files[1]).write_text("".join(f"{identity}\t{text}\n" for text, (identity, _) in queries.items()))
        qrels = "two 0 bees 2\ntwo 0 paper 0\n"
    (tmp_path / files[2]).write_text(qrels)
    found = retrieval(layout, tmp_path, settings)
    assert found == {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0, "rr": 1.0, "p@1": 1.0, "queries": 1, "documents": 4}


GOLDEN = {
    "questions": [
        {
            "id": "q1",
            "body": "How many eggs does a queen bee lay a day?",
            "type": "factoid",
            "documents": ["http://x/1"],
            "snippets": [
                {"text": "A queen lays up to 2,000 eggs a day.", "document": "http://x/1", "beginSection": "abstract"},
                {"text": "Workers gather nectar and pollen.", "document": "http://x/1"},
            ],
            "ideal_answer": ["A queen lays up to 2,000 eggs a day."],
        },
        {"id": "q2", "body": "What causes tides?", "type": "summary", "snippets": [], "ideal_answer": []},
    ]
}


def test_bioasq_counts_snippets_and_ideal_answers(tmp_path: Path, settings: Settings):
    file = tmp_path / "golden.json"
    file.write_text(json.dumps(GOLDEN))
    found = bioasq(file, settings)
    assert found["questions"] == 1
    assert found["without snippets"] == 1
    assert found["snippet_recall"]["mean"] == 1.0  # five sentences are shown, and there are two
    assert found["ideal_rouge2_recall"]["mean"] == 1.0
    assert found["types"]["factoid"]["questions"] == 1


def test_recall_of_snippets_and_of_pairs_by_hand():
    assert snippet_recall(["A b c.", "d e", "D  E"], ["x a b c y"]) == 0.5
    # stems: queen, lay, egg against queen, lay, noth: one pair of two
    assert rouge2(["The queen lays eggs"], ["The queen lays nothing"]) == 0.5
    assert rouge2([], ["anything"]) == 0.0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n', "line 2: the id 'a'"),
        ("corpus.jsonl", '\n{"_id": "a"\n', "line 2: not JSON"),
        ("corpus.jsonl", '{"_id": 7, "text": "x"}\n', "line 1: the field '_id'"),
        ("corpus.jsonl", "[]\n", "line 1: not an object"),
        ("corpus.jsonl", "", "is empty"),
        ("collection.tsv", "a\tb\tc\n", "line 1: 3 columns"),
        ("queries.tsv", "a\tb\na\tc\n", "line 2: the id 'a'"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq\td\tmuch\n", "line 2: the relevance 'much'"),
        ("qrels.tsv", "q\td\t1\nq\td\t0\n", "line 2: q and d are judged twice"),
        ("qrels.tsv", "q\td\n", "line 1: 2 columns"),
        ("qrels.tsv", "q\td\t0\n", "no document is relevant"),
        ("conversations.jsonl", '{"id": "c", "turns": "hello"}\n', "line 1: the field 'turns'"),
        ("conversations.jsonl", '{"id": "c", "turns": [{"speaker": "agent", "text": "x"}]}\n', "line 1: the last turn"),
        ("conversations.jsonl", '{"id": "c", "turns": [{"speaker": "user"}]}\n', "line 1: the field 'text'"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(tmp_path: Path, name, text, said):
    file = tmp_path / name
    file.write_text(text)
    readers = {"corpus": read_corpus, "collection": read_corpus, "queries": read_queries, "qrels": read_qrels}
    with pytest.raises(DataError, match=said) as failed:
        readers.get(file.stem, read_conversations)(file)
    assert str(file) in str(failed.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"questions": [\n  oops\n]}', "line 2: not JSON"),
        ('{"questions": []}', "no list 'questions'"),
        ('{"questions": [{"id": "1"}]}', "question 1: 'id' and 'body'"),
        ('{"questions": [{"id": "1", "body": "x", "snippets": [{"text": "y"}]}]}', "question 1: 'snippets'"),
    ],
)
def test_a_malformed_golden_file_is_named(tmp_path: Path, text, said):
    file = tmp_path / "golden.json"
    file.write_text(text)
    with pytest.raises(DataError, match=said):
        read_golden(file)


def test_a_missing_file_ends_with_exit_code_2(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evals", "external", "beir", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "corpus.jsonl" in capsys.readouterr().err


def test_judgements_of_passages_that_are_not_there_are_refused(talks: Path, settings: Settings):
    (talks / "qrels.tsv").write_text("one\tnowhere\t1\n")
    with pytest.raises(DataError, match="nowhere"):
        followup(talks, settings)


@given(st.dictionaries(st.text("abcdé ", min_size=1).map(str.strip).filter(bool), st.text("xyz \u2028.", min_size=1), min_size=1))
def test_what_is_written_as_a_corpus_is_read_back(tmp_path_factory, texts):
    file = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    write_lines(file, [{"_id": identity, "title": "", "text": text} for identity, text in texts.items()])
    assert read_corpus(file) == texts
