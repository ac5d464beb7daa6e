"""Judged questions: what the nearest say of a new one, how they are kept, and how they are read beside an article."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.build import build_index
from ingest.questions import NAME, Vectorized, on_passages, passage_digest, read_questions
from sequitur.assemble import open_shelf
from sequitur.chat import open_chat
from sequitur.condense import condense
from sequitur.index import Judged, Question, Told, open_index
from sequitur.ports import WIDTH, Vectors
from sequitur.retrieve import retrieve
from sequitur.settings import Settings
from tests.conftest import write_note


def unit(axis: int, other: int | None = None, share: float = 0.0) -> Vectors:
    """A unit vector along an axis, with a share of another."""
    found = np.zeros(WIDTH, dtype=np.float32)
    found[axis] = 1.0
    if other is not None:
        found[other] = share
    return found / np.linalg.norm(found)


def question(number: int, answers: tuple[int, ...], home: int = 0, looked: tuple[int, ...] = (0, 1, 2)) -> Question:
    return Question(f"typed {number}", f"clean {number}", answers, home, looked)


@pytest.fixture
def judged() -> Judged:
    """Three questions over five passages: two alike, answered by passages 1 and 2, and one that nothing answers."""
    questions = [question(0, (1,)), question(1, (1, 2)), question(2, (), 3, (3,))]
    return Judged.of(questions, np.stack([unit(0), unit(0, 1, 0.1), unit(5)]), 5)


def test_the_passages_of_the_nearest_questions_get_the_votes(judged: Judged) -> None:
    told = judged.told(np.stack([unit(0) * 0.6, unit(0) * 0.4]))
    assert told is not None
    assert told.votes[1] == pytest.approx(1.0, abs=1e-3)
    assert 0.3 < told.votes[2] < 0.5
    assert (told.votes[[0, 3, 4]] < 1e-6).all()
    assert told.unanswered == pytest.approx(0.0, abs=1e-6)
    assert told.alike == pytest.approx(1.0, abs=1e-3)


def test_near_one_that_nothing_answers_no_passage_gets_votes(judged: Judged) -> None:
    told = judged.told(unit(5, 0, 0.2)[None])
    assert told is not None
    assert told.unanswered > 0.99
    assert told.votes.max() < 0.01


def test_a_question_can_be_kept_from_answering_itself(judged: Judged) -> None:
    told = judged.told(unit(5)[None], judged.find(question(2, ()).key))
    assert told is not None
    assert told.unanswered == pytest.approx(0.0, abs=1e-6)
    assert judged.find(b"\0" * 16) == -1


def test_without_judged_questions_or_token_vectors_nothing_is_said(judged: Judged) -> None:
    assert Judged.none(5).told(unit(0)[None]) is None
    assert judged.told(np.zeros((0, WIDTH), dtype=np.float32)) is None


def test_what_those_who_judged_did_not_see_is_not_known(judged: Judged) -> None:
    assert judged.knows([0, 3])
    assert not judged.knows([0, 4])


def test_of_some_passages_only_whole_judgements_are_kept(judged: Judged) -> None:
    some = judged.of_rows([3, 1])
    assert (len(some), some.passages) == (1, 2)  # only question 2 belongs to passage 3; of the others 0 belongs elsewhere
    some = judged.of_rows([0, 1, 3])
    told = some.told(unit(0)[None])
    assert len(some) == 2
    assert told is not None
    assert told.votes.tolist() == pytest.approx([0.0, 1.0, 0.0], abs=1e-3)


def test_they_are_kept_as_they_were_and_what_is_not_whole_is_told(judged: Judged, tmp_path: Path) -> None:
    judged.write(tmp_path / "judged")
    asked = unit(0, 5, 0.4)[None]
    again = Judged.read(tmp_path / "judged").told(asked)
    before = judged.told(asked)
    assert again is not None
    assert before is not None
    assert again.votes.tolist() == before.votes.tolist()
    np.save(tmp_path / "judged" / "homes.npy", np.array([0, 1]))
    with pytest.raises(ValueError, match="not whole"):
        Judged.read(tmp_path / "judged")


ROW = {"question": "how much?", "clean": "How much is given?", "answers": ["a"], "partly": [], "misleading": ["b"]}


def test_one_whose_passage_is_gone_is_left_out() -> None:
    rows = [ROW, ROW | {"answers": []}, ROW | {"answers": ["a", "gone"]}, ROW | {"answers": [], "misleading": ["gone"]}]
    assert [found.answers for found in on_passages(rows, {"a": [4, 5], "b": [7]}, 2)] == [(4, 5), ()]


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    place = tmp_path_factory.mktemp("place")
    (place / NAME).write_bytes(data)
    rejected: list[tuple[Path, str]] = []
    rows = read_questions(place, lambda path, reason: rejected.append((path, reason)))
    assert rows == [] or not rejected
    assert all(isinstance(row["question"], str) for row in rows)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2 is no judged question"),
        ("[]", "line 2"),
        (json.dumps(ROW | {"answers": [1]}), "line 2"),
        (json.dumps(ROW | {"turns": "a"}), "line 2"),
        (json.dumps({key: value for key, value in ROW.items() if key != "clean"}), "line 2"),
    ],
)
def test_a_line_that_is_none_is_named_and_the_file_left_out(line: str, reason: str, gout: Settings) -> None:
    place = next(path for path in gout.corpus.iterdir() if path.is_dir())
    (place / NAME).write_text(f"{json.dumps(ROW)}\n{line}\n", encoding="utf-8")
    report = build_index(gout)
    assert [(entry.file, reason in entry.reason) for entry in report.rejected] == [(f"{place.name}/{NAME}", True)]
    assert len(open_index(gout.index).judged) == 0


def test_a_judged_question_brings_its_passage_and_one_without_answer_is_declined(gout: Settings) -> None:
    build_index(gout)
    texts = open_index(gout.index).texts
    place = next(path for path in gout.corpus.iterdir() if path.is_dir())
    died = next(text for text in texts if "No patient died" in text)
    looked = [passage_digest(text) for text in texts]
    rows = [
        {
            "question": "anyone not make it on colchicine?",
            "clean": "Did anyone pass away on colchicine?",
            "answers": [passage_digest(died)],
        },
        {"question": "colchicine and placebo in children?", "clean": "Was colchicine compared with placebo in children?", "answers": []},
    ]
    judged = "".join(f"{json.dumps(row | {'partly': [], 'misleading': looked})}\n" for row in rows)

    def place_of_answer() -> int:
        assembly = open_shelf(gout).about("")
        query = condense("did everyone make it on colchicine?", (), assembly.vocabulary)
        hits = retrieve(query, assembly.index, assembly.embedder).hits
        return next(hit.rank for hit in hits if "No patient died" in hit.passage.text)

    unanswered = "was colchicine against placebo tested in children?"
    before = place_of_answer()
    assert not open_chat(gout).ask(unanswered).abstained
    (place / NAME).write_text(judged, encoding="utf-8")
    build_index(gout)
    assert place_of_answer() < before
    assert open_chat(gout).ask(unanswered).abstained
    write_note(gout.corpus / "gout", "poe2024", 3, "Colchicine was compared with placebo in 40 children.", title="Colchicine in children")
    build_index(gout)
    assert not open_chat(gout).ask(unanswered).abstained  # what those who judged did not know may answer it


def test_their_vectors_are_made_once_and_anew_where_the_file_is_damaged(tmp_path: Path) -> None:
    class Counting:
        fingerprint, late, made = "counting", True, 0

        def question_vectors(self, texts: list[str]) -> Vectors:
            self.made += len(texts)
            return np.stack([unit(len(text) % WIDTH) for text in texts])

    embedder, questions = Counting(), [question(0, (1,)), question(10, ())]

    def asked() -> Told | None:
        return Vectorized(embedder, tmp_path).judged(questions, 3).told(unit(len("typed 0"))[None])

    first = asked()
    assert embedder.made == 4
    again = asked()
    assert embedder.made == 4
    kept = next(tmp_path.iterdir())
    kept.write_bytes(kept.read_bytes().replace(questions[0].key, b"?" * 16))
    after = asked()
    assert embedder.made == 8
    for told in (first, again, after):
        assert told is not None
        assert told.votes[1] > 0.5
