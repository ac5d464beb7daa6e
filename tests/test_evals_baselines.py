"""Baselines score as theory says: the oracle all, nothing nothing, everything all the recall there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.baselines import Chain, Fixed, Ranker, baselines, chunked, reciprocal
from evals.cases import Case, load_cases
from evals.figures import summary
from evals.measures import Judged, judge
from evals.retrieval import carriers, found_within, rank_figures, relevant
from evals.systems import Asked, System
from sequitur.assemble import Assembly, assemble
from sequitur.chat import Chat
from sequitur.schema import TITLE, Outcome
from sequitur.settings import Settings

GOLD = Path(__file__).resolve().parent.parent / "evals" / "gold"
CASES = load_cases(GOLD, "dev")[::8]
ANSWERABLE = [case for case in CASES if case.outcome == "answer"]


@pytest.fixture(scope="module")
def assembly(settings: Settings, index_dir: Path) -> Assembly:
    assert index_dir.is_dir()
    return assemble(settings)


@pytest.fixture(scope="module")
def systems(assembly: Assembly, chat: Chat) -> dict[str, System]:
    return {system.name: system for system in baselines(assembly, Asked(chat))}


def judged(system: System, cases: list[Case], assembly: Assembly) -> list[Judged]:
    return [judge(case, system.predict(case).answer, assembly.index.documents, "D") for case in cases]


def test_the_oracle_scores_one_exactly(systems, assembly):
    rows = judged(systems["oracle"], CASES, assembly)
    for row in rows:
        assert row.right_outcome == (row.expected != "clarify")
        assert row.forbidden == 0
        if row.expected == "answer":
            assert (row.vital, row.evidence, row.nugget_precision, row.citation_precision, row.citation_recall) == (1.0, 1.0, 1.0, 1.0, 1.0)
            assert row.okay in {1.0, None}
            assert row.numbers in {1.0, None}
    assert summary(rows)["abstention"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "over_refusal": 0.0}


def test_the_oracle_ranks_the_relevant_passages_alone(systems, assembly):
    documents, passages = assembly.index.documents, assembly.index.passages
    carried = {case.id: carriers(case, documents, passages) for case in ANSWERABLE}
    qrels = {case.id: relevant(case, carried[case.id]) for case in ANSWERABLE}
    found = rank_figures(qrels, {case.id: systems["oracle"].predict(case).ranked for case in ANSWERABLE})
    for case, row in found.items():
        assert (row["ndcg10"], row["rr"]) == (1.0, 1.0)
        assert row["recall5"] == pytest.approx(min(5, len(qrels[case])) / len(qrels[case]))


def test_a_ranking_of_everything_has_the_evidence_of_every_vital_nugget(systems, assembly):
    for case in ANSWERABLE:
        carried = carriers(case, assembly.index.documents, assembly.index.passages)
        assert found_within(case, carried, systems["all-passages"].predict(case).ranked, len(assembly.index.passages)) == 1.0
        assert found_within(case, carried, systems["empty"].predict(case).ranked, 10) == 0.0


def test_the_empty_answer_refuses_everything(systems, assembly):
    figures = summary(judged(systems["empty"], CASES, assembly))
    unanswerable, answerable = (sum(case.outcome == outcome for case in CASES) for outcome in ("abstain", "answer"))
    precision = unanswerable / (unanswerable + answerable)
    assert (figures["nugget_recall"]["mean"], figures["okay_nugget_recall"]["mean"], figures["evidence_recall"]["mean"]) == (0.0, 0.0, 0.0)
    assert figures["nugget_precision"] is figures["citation_precision"] is figures["citation_recall"] is figures["numeric_fidelity"] is None
    assert figures["abstention"] == pytest.approx(
        {"precision": precision, "recall": 1.0, "f1": 2 * precision / (1 + precision), "over_refusal": 1.0}, abs=1e-4
    )
    assert (figures["urgent_false_alarms"], figures["forbidden_statements"], figures["disclaimer_share"]) == (0.0, 0, 0.0)
    assert systems["empty"].predict(CASES[0]).ranked == ()


def test_all_passages_recall_everything_and_refuse_nothing(systems, assembly):
    system, passages = systems["all-passages"], [passage for passage in assembly.index.passages if TITLE not in passage.flags]
    rows = judged(system, CASES[:15], assembly)
    for row in rows:
        assert (row.citation_precision, row.citation_recall, row.numbers) == (1.0, 1.0, 1.0)
        assert row.outcome == "answered"
        if row.expected == "answer":
            assert (row.vital, row.evidence) == (1.0, 1.0)
    case = next(case for case in CASES[:15] if case.outcome == "answer")
    holding = sum(
        any(nugget.recalled(f"{citation.label} {citation.passage}") for nugget in case.nuggets)
        for citation in system.predict(case).answer.citations
    )
    assert next(row.nugget_precision for row in rows if row.id == case.id) == holding / len(passages)
    assert system.predict(case).ranked == tuple(passage.id for passage in passages)
    assert summary(rows)["abstention"]["recall"] == 0.0


def test_plain_retrieval_shows_its_four_best_passages(systems, assembly):
    case = ANSWERABLE[0]
    for name in ("bm25", "dense", "rrf"):
        predicted = systems[name].predict(case)
        assert predicted.answer.outcome is Outcome.ANSWERED
        assert tuple(citation.passage_id for citation in predicted.answer.citations) == predicted.ranked[:4]
        assert len(set(predicted.ranked)) == len(predicted.ranked) == 100
        assert all(citation.passage == assembly.index.by_id[citation.passage_id].text for citation in predicted.answer.citations)
    best = {name: systems[name].predict(case).ranked[0] for name in ("bm25", "dense")}
    assert best["bm25"] in systems["rrf"].predict(case).ranked[:10]
    assert best["dense"] in systems["rrf"].predict(case).ranked[:10]


def test_reciprocal_ranks_leave_out_what_does_not_match():
    assert reciprocal(np.array([0.2, 0.0, 0.9], dtype=np.float32)) == pytest.approx([1 / 62, 0.0, 1 / 61])


def test_the_tutorials_chunks_are_spans_of_their_documents(assembly):
    documents = tuple(assembly.index.documents.values())
    chunks = chunked(documents)
    assert {chunk.document.id for chunk in chunks} == {document.id for document in documents}
    assert all(0 < chunk.span.end - chunk.span.start <= 1000 for chunk in chunks)
    assert all(chunk.span.of(chunk.document.text) == chunk.span.of(chunk.document.text).strip() for chunk in chunks)


def test_the_tutorials_chain_shows_four_chunks_and_ranks_what_they_hold(systems, assembly):
    predicted = systems["langchain"].predict(ANSWERABLE[0])
    first = predicted.answer.citations[0]
    assert len(predicted.answer.claims) == 4
    assert first.passage == assembly.index.documents[first.source].text[first.start : first.end]
    inside = [assembly.index.by_id[identity] for identity in predicted.ranked]
    assert inside[0].document_id == first.source
    assert inside[0].span.end > first.start
    row = judge(ANSWERABLE[0], predicted.answer, assembly.index.documents, "D")
    assert (row.citation_precision, row.citation_recall) == (1.0, 1.0)


def test_without_memory_and_in_a_humans_words_only_follow_ups_differ(systems):
    follow_up = next(case for case in ANSWERABLE if len(case.turns) > 1)
    single = next(case for case in ANSWERABLE if len(case.turns) == 1)
    assert systems["last-turn"].predict(follow_up).answer.question == follow_up.turns[-1]
    assert systems["human-rewrite"].predict(follow_up).answer.question == follow_up.standalone
    assert systems["last-turn"].predict(single) is systems["last-turn"].predict(single)


def test_each_baseline_has_a_name_of_its_own(systems):
    assert set(systems) == {"last-turn", "human-rewrite", "bm25", "dense", "rrf", "langchain", "oracle", "empty", "all-passages"}
    assert isinstance(systems["bm25"], Ranker)
    assert isinstance(systems["langchain"], Chain)
    assert isinstance(systems["empty"], Fixed)
