"""Retrieval on collections in BEIR layout: reading, measuring, running."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from sequitur.beir import BeirIndex, measures, read_collection
from sequitur.beir.index import windows
from sequitur.errors import InputError
from sequitur.ports import WIDTH, Embedded, packed

_DOCUMENTS = {
    "d1": "Ketamine infusion relieved neuropathic pain in a randomised trial.",
    "d2": "Metformin lowers blood glucose in type 2 diabetes.",
    "d3": "Hallucinations and dizziness were the commonest harms of ketamine.",
    "d4": "Erythropoietin raises haemoglobin in anaemia of kidney disease.",
}


def collection(folder: Path, **changes: str) -> Path:
    """A small collection in BEIR layout, some files replaced."""
    files = {
        "corpus.jsonl": "".join(json.dumps({"_id": key, "title": "", "text": text}) + "\n" for key, text in _DOCUMENTS.items()),
        "queries.jsonl": '{"_id": "q1", "text": "What are the side effects of ketamine?"}\n{"_id": "q2", "text": "EPO for renal anemia"}\n',
        "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\td3\t2\nq1\td1\t1\nq2\td4\t1\n",
    }
    files.update({name.replace("_", "."): text for name, text in changes.items()})
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_command_writes_a_run_and_prints_the_figures(cli: Callable[..., Result], tmp_path: Path) -> None:
    run = tmp_path / "out.trec"
    result = cli("beir", str(collection(tmp_path / "set")), "--run", str(run), "--json")
    figures = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(figures) >= {"ndcg@10", "recall@10", "rr", "p@1", "queries", "documents", "index_seconds", "query_ms"}
    assert (figures["queries"], figures["documents"]) == (2, 4)
    assert figures["p@1"] == 1.0
    rows = [line.split() for line in run.read_text(encoding="utf-8").splitlines()]
    assert all(len(row) == 6 and row[1] == "Q0" and row[5] == "sequitur" for row in rows)
    for query in ("q1", "q2"):
        own = [row for row in rows if row[0] == query]
        assert [int(row[3]) for row in own] == list(range(1, len(own) + 1))
        scores = [float(row[4]) for row in own]
        assert all(later < earlier for earlier, later in itertools.pairwise(scores))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"corpus_jsonl": '{"_id": "d1", "text": "a"}\n{oops\n'}, "corpus.jsonl, line 2: is not JSON"),
        ({"corpus_jsonl": '["d1"]\n'}, "corpus.jsonl, line 1: is not a JSON object"),
        ({"corpus_jsonl": '{"_id": 3, "text": "a"}\n'}, "corpus.jsonl, line 1"),
        ({"corpus_jsonl": '{"_id": "d1"}\n'}, 'corpus.jsonl, line 1: has no "text"'),
        ({"corpus_jsonl": '{"_id": "d", "text": "a"}\n\n{"_id": "d", "text": "b"}\n'}, "corpus.jsonl, line 3: repeats the id 'd'"),
        ({"corpus_jsonl": "\n"}, "corpus.jsonl holds nothing"),
        ({"queries_jsonl": '{"_id": "q1", "text": "  "}\n'}, 'queries.jsonl, line 1: has an empty "text"'),
        ({"qrels_tsv": "q1\td1\n"}, "qrels.tsv, line 1: has 2 columns"),
        ({"qrels_tsv": "q1\td1\t1\nq1\td3\tgood\n"}, "qrels.tsv, line 2: has the grade 'good'"),
        ({"qrels_tsv": "q1\td1\t1\nq1\td1\t2\n"}, "qrels.tsv, line 2: judges 'd1' for 'q1' a second time"),
    ],
)
def test_malformed_files_are_named_with_the_line(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_collection(collection(tmp_path / "set", **changes))
    assert said in str(caught.value)


def test_a_missing_file_is_named_and_leaves_with_2(cli: Callable[..., Result], tmp_path: Path) -> None:
    result = cli("beir", str(tmp_path), "--run", str(tmp_path / "x.trec"))
    assert result.exit_code == 2
    assert "corpus.jsonl" in result.stderr
    assert result.stdout == ""


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    folder = collection(tmp_path / "set")
    (folder / "corpus.jsonl").write_bytes(b'{"_id": "d1", "text": "\xff"}\n')
    with pytest.raises(InputError, match=r"line 1: is not UTF-8"):
        read_collection(folder)


def test_qrels_may_have_no_header_and_stand_where_beir_has_them(tmp_path: Path) -> None:
    folder = collection(tmp_path / "set", qrels_tsv="q1 0 d3 2\nq2 0 d4 0\n")
    assert read_collection(folder).qrels == {"q1": {"d3": 2}, "q2": {"d4": 0}}
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert read_collection(folder).qrels["q1"] == {"d3": 2}


def test_measures_are_those_computed_by_hand() -> None:
    qrels = {"a": {"x": 2, "y": 1}, "b": {"z": 1}, "unjudged": {"x": 0}}
    found = measures({"a": ["y", "n", "x"], "b": ["n"]}, qrels)
    # a: (1/1 + 2/2) / (2/1 + 1/1.58496) = 2 / 2.63093; b: 0
    assert found["ndcg@10"] == pytest.approx(0.5 * 2 / 2.63093, abs=1e-5)
    assert found["recall@10"] == pytest.approx(0.5)
    assert found["rr"] == pytest.approx(0.5)
    assert found["p@1"] == pytest.approx(0.5)
    assert measures({}, {}) == {"ndcg@10": 0.0, "recall@10": 0.0, "rr": 0.0, "p@1": 0.0}


def test_measures_are_those_of_trec_eval() -> None:
    import ir_measures

    qrels = {"a": {"x": 2, "y": 1, "w": 0}, "b": {"z": 1}, "c": {f"d{place}": place % 3 for place in range(20)}}
    run = {"a": ["n", "y", "w", "x"], "b": ["z"], "c": [f"d{place}" for place in range(15)]}
    scored = {query: {document: -rank for rank, document in enumerate(documents)} for query, documents in run.items()}
    names = {"ndcg@10": "nDCG@10", "recall@10": "R@10", "rr": "RR", "p@1": "P@1"}
    expected = ir_measures.calc_aggregate([ir_measures.parse_measure(name) for name in names.values()], qrels, scored)
    found = measures(run, qrels)
    for ours, theirs in names.items():
        assert found[ours] == pytest.approx(expected[ir_measures.parse_measure(theirs)], abs=1e-6)


@given(st.lists(st.sampled_from(["Short. ", "A sentence of some length stands here. ", "x" * 40 + ". ", "\n", "No stop "]), max_size=30))
def test_windows_hold_the_whole_text_in_order(parts: list[str]) -> None:
    text = "".join(parts)
    found = list(windows(text, 60))
    assert found
    assert "".join("".join(found).split()) == "".join(text.split())


class _Letters:
    """An embedder without a model: counts of letters."""

    fingerprint, dimension, late = "letters", 26, False

    def question_tokens(self, text: str) -> object:
        return np.zeros((0, WIDTH), dtype=np.float32)

    def embed(self, texts: list[str]) -> object:
        counts = np.array([[text.lower().count(chr(97 + place)) + 1e-3 for place in range(26)] for text in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


class _TokenLetters(_Letters):
    """The same with a vector for each word: its first letter's."""

    late = True

    def _words(self, text: str) -> np.ndarray:
        return np.eye(WIDTH, dtype=np.float32)[[ord(word[0]) % WIDTH for word in text.lower().split()]] / 2

    def question_tokens(self, text: str) -> np.ndarray:
        words = self._words(text)
        return words / max(len(words), 1)

    def embed_passages(self, texts: list[str]) -> list[Embedded]:
        return [Embedded(vector, packed(self._words(text))) for vector, text in zip(self.embed(texts), texts, strict=True)]


@pytest.mark.parametrize("query", ["the of and", "氯胺酮的副作用", "a\x01\x02b ketamine", "?!", "ketamine " * 2300, "\x00"])
def test_any_query_is_answered(query: str) -> None:
    index = BeirIndex.of(_DOCUMENTS, _Letters())
    documents, scores = index.search(query, 3)
    assert len(documents) == len(scores) <= 3
    assert len(set(documents)) == len(documents)


def test_a_long_document_is_found_by_any_part_of_it() -> None:
    filler = "The ward was quiet and nothing was recorded on that day. " * 60
    index = BeirIndex.of({**_DOCUMENTS, "long": f"{filler} Zzyzx qqjx buzzing fuzz puzzle jazz. {filler}"}, _Letters())
    assert index.search("zzyzx qqjx jazz", 1)[0] == ["long"]


def test_a_document_meets_a_query_token_by_token_as_well_as_its_best_part() -> None:
    filler = "Ward was quiet. " * 100
    documents = {"near": "Ward ketamine", "long": f"{filler} Ketamine harms zinc. {filler}", "none": "Ward"}
    index = BeirIndex.of(documents, _TokenLetters())
    near, long, none = index.late("zinc ketamine", np.arange(3)).tolist()
    assert long > near > none == 0.0
    assert BeirIndex.of(documents, _Letters()).late("zinc ketamine", np.arange(3)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("embedder", [_Letters(), _TokenLetters()])
def test_an_index_reads_as_it_was_written(tmp_path: Path, embedder: _Letters) -> None:
    index = BeirIndex.of(_DOCUMENTS, embedder)
    index.write(tmp_path / "index")
    again = BeirIndex.read(tmp_path / "index", embedder)
    for query in ("side effects of ketamine", "low haemoglobin"):
        assert again.search(query, 4) == index.search(query, 4)


def test_many_documents_are_searched_by_lists_with_the_same_first_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {
        **_DOCUMENTS,
        **{f"f{number}": f"Ward {number} noted {'xyzqjkvw'[number % 8] * (number % 5 + 1)} on day {number}." for number in range(400)},
    }
    exact = BeirIndex.of(many, _Letters())
    monkeypatch.setattr("sequitur.index.near.FLAT_UP_TO", 100)
    BeirIndex.of(many, _Letters()).write(tmp_path / "index")
    lists = BeirIndex.read(tmp_path / "index", _Letters())
    assert (tmp_path / "index" / "vectors.faiss").is_file()
    for query in ("side effects of ketamine", "erythropoietin for anaemia"):
        assert lists.search(query, 5)[0][0] == exact.search(query, 5)[0][0]
