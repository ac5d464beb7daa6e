"""Gold cases: read strictly, and sound against the corpus."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import KINDS, OUTCOMES, ROLES, SPLITS, Case, GoldError, faults, load_cases, load_located, spans
from sequitur.chat import Chat
from sequitur.schema import Document

GOLD = Path(__file__).resolve().parent.parent / "evals" / "gold"
TEXT = "Colchicine 1 mg helps. Nausea is rare. Colchicine 1 mg helps."
ROW = {
    "id": "gout-dose",
    "split": "dev",
    "kind": "single",
    "unseen": True,
    "role": "clinician",
    "turns": ["dose?"],
    "standalone": "What is the dose of colchicine?",
    "outcome": "answer",
    "nuggets": [{"id": "dose", "text": "1 mg", "vital": True, "patterns": [r"\b1 mg"]}],
    "forbidden": [{"text": "10 mg", "pattern": r"\b10 mg"}],
    "evidence": [{"document": "gout", "quote": "Colchicine 1 mg helps.", "nugget": "dose"}],
}
DOCUMENTS = {"gout": Document("gout", "rct", "T", TEXT, "", "", "a")}


def load(folder: Path, *rows: object) -> tuple[Case, ...]:
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_cases(path)


def changed(**fields: object) -> dict[str, object]:
    return {**ROW, **fields}


def test_the_gold_cases_are_sound_against_the_corpus(chat: Chat):
    assert faults(load_cases(GOLD), chat.documents) == []


def test_the_gold_cases_have_both_splits_every_outcome_and_every_kind():
    cases = load_cases(GOLD)
    assert {case.split for case in cases} == set(SPLITS)
    assert set(OUTCOMES) - {"clarify"} <= {case.outcome for case in cases} <= set(OUTCOMES)
    assert {case.kind for case in cases} == set(KINDS)
    assert {case.role for case in cases} <= set(ROLES)
    assert len({case.id for case in cases}) == len(cases)


def test_one_split_can_be_taken_alone():
    assert {case.split for case in load_cases(GOLD, "dev")} == {"dev"}
    assert len(load_cases(GOLD, "dev")) + len(load_cases(GOLD, "test")) == len(load_cases(GOLD))


def test_a_case_is_read_whole(tmp_path):
    [case] = load(tmp_path, ROW)
    assert (case.id, case.turns, case.nuggets[0].patterns) == ("gout-dose", ("dose?",), (r"\b1 mg",))
    assert case.nuggets[0].recalled("give 1 MG now")
    assert not case.nuggets[0].recalled("give 21 mg now")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (changed(split="train"), "split 'train'"),
        (changed(kind="odd"), "kind 'odd'"),
        (changed(role="doctor"), "role 'doctor'"),
        (changed(outcome="shrug"), "outcome 'shrug'"),
        (changed(turns=[]), "one to six turns"),
        (changed(turns=["a"] * 7), "one to six turns"),
        (changed(turns=[" "]), "one to six turns"),
        (changed(turns="dose?"), "turns is not a list"),
        (changed(turns=[1]), "turns[0] is not text"),
        (changed(standalone="\ud800"), "standalone is not text"),
        (changed(nuggets={}), "nuggets is not a list"),
        (changed(unseen="yes"), "unseen is not true or false"),
        (changed(id=" "), "an id and one to six turns"),
        (changed(evidence=[{"document": "gout", "quote": "x", "nugget": "dose", "page": 1}]), "unknown fields ['page'] in evidence[0]"),
        (changed(nuggets=[{"id": "x", "text": "x", "vital": 1, "patterns": []}]), "nuggets[0].vital is not true or false"),
        (changed(extra=1), "'extra'"),
        ({key: value for key, value in ROW.items() if key != "turns"}, "'turns'"),
        (changed(nuggets=[{"id": "x"}]), "line 1"),
        (changed(forbidden=[{"text": "x", "pattern": "("}]), "line 1"),
        ([], "the line is not an object"),
    ],
)
def test_a_malformed_case_is_named_by_file_and_line(tmp_path, row, said):
    with pytest.raises(GoldError) as caught:
        load(tmp_path, row)
    assert said in str(caught.value)
    assert "gold.jsonl, line 1" in str(caught.value)


def test_a_line_that_is_not_json_a_double_id_and_nothing_at_all_are_named(tmp_path):
    with pytest.raises(GoldError, match="line 2: the id 'gout-dose' stands in"):
        load(tmp_path, ROW, ROW)
    (tmp_path / "gold.jsonl").write_text("not json\n", encoding="utf-8")
    with pytest.raises(GoldError, match="line 1: not JSON"):
        load_cases(tmp_path)
    (tmp_path / "gold.jsonl").write_text('{"id": "a", "id": "b"}\n', encoding="utf-8")
    with pytest.raises(GoldError, match=r"line 1: not JSON .a key stands twice"):
        load_cases(tmp_path)
    with pytest.raises(GoldError, match=r"gold\.jsonl: no gold cases"):
        load(tmp_path)
    (tmp_path / "more.jsonl").write_text(json.dumps(ROW), encoding="utf-8")
    with pytest.raises(GoldError, match=r"gold\.jsonl: no gold cases"):
        load_cases(tmp_path)  # an empty file is not passed over because another one has cases
    with pytest.raises(GoldError, match="no gold cases of the split 'test'"):
        load_cases(tmp_path / "more.jsonl", "test")
    with pytest.raises(GoldError, match="cannot be read"):
        load_cases(tmp_path / "none.jsonl")


def test_a_case_is_told_with_its_place_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n" + json.dumps(ROW).encode() + b"\r\n")
    [located] = load_located(path)
    assert (located.where, located.case.id) == (f"{path}, line 2", "gout-dose")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(ROW)), JSON)
def test_whatever_stands_in_a_field_it_is_a_case_or_named(field, value):
    kept, said = None, ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            kept = json.loads(json.dumps(dataclasses.asdict(load(Path(folder), changed(**{field: value}))[0])))[field]
        except GoldError as error:
            said = str(error)
    assert "gold.jsonl, line 1: " in said or kept == value


@given(st.binary(max_size=40))
def test_whatever_bytes_a_file_holds_it_is_explained(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gold.jsonl"
        path.write_bytes(data)
        with pytest.raises(GoldError, match=r"gold\.jsonl"):
            load_cases(path)


def test_evidence_is_found_at_every_place_where_it_stands(tmp_path):
    [case] = load(tmp_path, ROW)
    assert [span.of(TEXT) for _, span in spans(case, DOCUMENTS)["dose"]] == ["Colchicine 1 mg helps."] * 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"evidence": [{"document": "gout", "quote": "Colchicine 1 mg heals.", "nugget": "dose"}]}, "is not in gout"),
        ({"evidence": [{"document": "asthma", "quote": "Colchicine 1 mg helps.", "nugget": "dose"}]}, "is not in asthma"),
        ({"evidence": []}, "nugget dose has no evidence"),
        ({"nuggets": [{"id": "dose", "text": "x", "vital": True, "patterns": ["2 mg"]}]}, "no pattern of nugget dose matches"),
        ({"nuggets": [{"id": "dose", "text": "x", "vital": False, "patterns": ["1 mg"]}]}, "without a vital nugget"),
        ({"forbidden": [{"text": "helps", "pattern": "helps"}]}, "forbidden 'helps' matches the evidence"),
        ({"nuggets": ROW["nuggets"] * 2}, "nugget dose stands there twice"),
        ({"nuggets": []}, "evidence for a nugget dose that is not there"),
    ],
)
def test_an_unsound_case_is_told(tmp_path, fields, said):
    found = faults(load(tmp_path, changed(**fields)), DOCUMENTS)
    assert any(said in fault for fault in found)
    assert faults(load(tmp_path, ROW), DOCUMENTS) == []
