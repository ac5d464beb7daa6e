"""Qrels from gold quotes, rankings scored by ir_measures, TREC files: against values worked out by hand."""

from __future__ import annotations

import math

import ir_measures
import pytest

from evals.cases import Case, Evidence, Nugget
from evals.retrieval import carriers, found_within, rank_figures, relevant, write_qrels, write_run
from sequitur.schema import Document, Passage, Span

TEXT = "Ketamine helps: \n- pain\n- sleep\nNausea is common. Nobody died of it."
DOCUMENTS = {"d": Document("d", "rct", "T", TEXT, "", "", "a")}


def passage(start: int, end: int, lead: Span | None = None, flags: tuple[str, ...] = ()) -> Passage:
    return Passage(f"d:{start}-{end}", "d", Span(start, end), TEXT[start:end], "S", lead, (), (), (), flags)


LEAD = Span(0, 15)
PASSAGES = (passage(0, 15, flags=("title",)), passage(19, 23, LEAD), passage(26, 31, LEAD), passage(32, 49), passage(50, 68))


def case(*evidence: Evidence) -> Case:
    nuggets = (Nugget("v", "v", vital=True, patterns=("v",)), Nugget("o", "o", vital=False, patterns=("o",)))
    return Case(
        id="c", split="dev", kind="single", unseen=True, role="clinician", turns=("q",), standalone="q", outcome="answer",
        nuggets=nuggets, forbidden=(), evidence=evidence,
    )  # fmt: skip


def test_the_passages_of_this_file_are_what_they_seem():
    assert [found.text for found in PASSAGES] == ["Ketamine helps:", "pain", "sleep", "Nausea is common.", "Nobody died of it."]


@pytest.mark.parametrize(
    ("evidence", "grades"),
    [
        ((Evidence("d", "Nausea is common.", "v"),), {"d:32-49": 2}),
        ((Evidence("d", "Nausea", "o"),), {"d:32-49": 1}),
        ((Evidence("d", "Nausea", "o"), Evidence("d", "common", "v")), {"d:32-49": 2}),
        (
            (Evidence("d", "Nausea is common. Nobody", "v"),),
            {"d:32-49": 2},
        ),  # of the second sentence less than half, and less than half of the quote
        ((Evidence("d", "is common. Nobody died of it.", "v"),), {"d:32-49": 2, "d:50-68": 2}),
        ((Evidence("d", "Ketamine helps", "v"),), {"d:19-23": 2, "d:26-31": 2}),  # a lead-in: the items of its list
        ((Evidence("d", "sleep", "v"),), {"d:26-31": 2}),
        ((), {}),
    ],
)
def test_a_passage_is_relevant_when_it_has_half_of_a_quote_or_a_quote_half_of_it(evidence, grades):
    asked = case(*evidence)
    assert relevant(asked, carriers(asked, DOCUMENTS, PASSAGES)) == grades


def test_evidence_found_is_the_share_of_vital_nuggets_that_a_passage_of_the_first_carries():
    asked = case(Evidence("d", "Nausea", "v"), Evidence("d", "Nobody died", "v"), Evidence("d", "sleep", "o"))
    carried = carriers(asked, DOCUMENTS, PASSAGES)
    assert found_within(asked, carried, ("d:26-31", "d:50-68"), 1) == 0.0  # an okay nugget alone
    assert found_within(asked, carried, ("d:26-31", "d:50-68"), 2) == 1.0  # one of two alternatives
    assert found_within(case(), {}, ("d:26-31",), 5) is None


def test_rankings_are_scored_as_ir_measures_defines_them():
    found = rank_figures({"q": {"a": 2, "b": 1}, "missing": {"a": 1}}, {"q": ("x", "a", "y", "b"), "odd": ("a",)})
    gained, best = 2 / math.log2(3) + 1 / math.log2(5), 2 / math.log2(2) + 1 / math.log2(3)
    assert found["q"] == pytest.approx({"ndcg10": gained / best, "recall5": 1.0, "recall10": 1.0, "rr": 0.5})
    assert found["missing"] == {"ndcg10": 0.0, "recall5": 0.0, "recall10": 0.0, "rr": 0.0}
    assert set(found) == {"q", "missing"}


def test_recall_is_cut_at_its_rank():
    ranked = (*(f"x{number}" for number in range(5)), "a")
    [found] = rank_figures({"q": {"a": 2}}, {"q": ranked}).values()
    assert (found["recall5"], found["recall10"], found["rr"]) == (0.0, 1.0, pytest.approx(1 / 6))


def test_trec_files_are_read_back_by_ir_measures(tmp_path):
    write_run(tmp_path / "run.trec", {"q 1": ("a", "b"), "q2": ()}, "tag")
    write_qrels(tmp_path / "qrels.trec", {"q 1": {"b": 2, "a": 1}})
    assert (tmp_path / "run.trec").read_text(encoding="utf-8") == "q_1 Q0 a 1 1.0 tag\nq_1 Q0 b 2 0.5 tag\n"
    assert (tmp_path / "qrels.trec").read_text(encoding="utf-8") == "q_1 0 a 1\nq_1 0 b 2\n"
    run, qrels = ir_measures.read_trec_run(str(tmp_path / "run.trec")), ir_measures.read_trec_qrels(str(tmp_path / "qrels.trec"))
    assert ir_measures.calc_aggregate([ir_measures.RR], list(qrels), list(run)) == {ir_measures.RR: 1.0}
