"""Coverage: how much of a question a passage has, and what of it the corpus never names."""

from __future__ import annotations

import pytest

from ingest.build import build_index
from sequitur.analysis import stem
from sequitur.assemble import Assembly, assemble
from sequitur.condense import condense
from sequitur.coverage import has_figure, present, rarity
from sequitur.retrieve import retrieve
from sequitur.schema import Gaps, Passage, Retrieved


@pytest.fixture(scope="module")
def assembly(settings, index_dir) -> Assembly:
    return assemble(settings)


def found(assembly: Assembly, question: str) -> Retrieved:
    return retrieve(condense(question, (), assembly.vocabulary), assembly.index, assembly.embedder, 1000)


def gaps(assembly: Assembly, question: str) -> Gaps:
    return found(assembly, question).gaps


def passage(assembly: Assembly, beginning: str) -> Passage:
    return next(passage for passage in assembly.index.passages if passage.text.startswith(beginning))


def test_coverage_lies_between_nothing_and_the_whole(assembly):
    shares = [hit.coverage for hit in found(assembly, "How common are psychedelic effects with ketamine?").hits]
    assert all(0 <= share <= 1 + 1e-6 for share in shares)
    assert max(shares) > 0.5


def test_a_passage_with_the_words_of_a_question_covers_more_than_others_do(assembly):
    shares = {hit.passage.text: hit.coverage for hit in found(assembly, "hepatotoxicity of ketamine").hits}
    having = next(share for text, share in shares.items() if text.startswith("Hepatotoxicity in a minority"))
    assert having > min(shares.values())


def test_what_the_corpus_never_names_is_a_gap(assembly):
    gap = gaps(assembly, "ketamine dose for cats?")
    assert gap.unknown == ("cats",)
    assert 0 < gap.share < 1
    assert gap.anchored


def test_a_question_in_the_words_of_the_corpus_has_no_gap(assembly):
    gap = gaps(assembly, "Does ketamine relieve neuropathic pain?")
    assert (gap.unknown, gap.share, gap.medical) == ((), 0.0, 0.0)


def test_a_question_without_a_medical_word_is_anchored_nowhere(assembly):
    assert not gaps(assembly, "Who won the football?").anchored


@pytest.mark.parametrize(
    ("wordings", "stems", "share"),
    [
        ([({"a"}, 1.0)], {"a", "b"}, 1.0),
        ([({"a"}, 1.0)], {"b"}, 0.0),
        ([({"a", "b"}, 1.0)], {"a"}, 0.3),
        ([({"a"}, 1.0), ({"c"}, 0.7)], {"c"}, 0.7),
        ([], {"a"}, 0.0),
    ],
)
def test_the_best_wording_counts_and_a_part_counts_in_part(wordings, stems, share):
    assert present(tuple((frozenset(terms), weight) for terms, weight in wordings), frozenset(stems)) == pytest.approx(share)


def test_rare_words_weigh_more_than_common_ones(assembly):
    assert rarity([frozenset({"hepatotox"})], assembly.index) > rarity([frozenset({"ketamin"})], assembly.index)
    assert rarity([frozenset({"never-there"})], assembly.index) >= rarity([frozenset({"hepatotox"})], assembly.index)


def test_kinds_of_figures_are_told_apart(assembly):
    dose = passage(assembly, "Intravenous administration: Sub-anesthetic doses (0.5 mg/kg)")
    plain = passage(assembly, "Hepatotoxicity in a minority")
    assert has_figure("dose", dose)
    assert not has_figure("duration", dose)
    assert not any(has_figure(kind, plain) for kind in ("dose", "duration", "number"))


def test_a_word_that_only_asks_is_not_missing_where_no_source_has_it(gout):
    for place in gout.corpus.rglob("*.*"):
        place.write_text(place.read_text(encoding="utf-8").replace("Doses", "Amounts").replace("dose", "amount"), encoding="utf-8")
    build_index(gout)
    small = assemble(gout)
    assert small.index.frequency.get("dose", 0) == 0
    assert gaps(small, "What is the dose of colchicine?").unknown == ()
    assert gaps(small, "What is the dose of febuxostat?").unknown == ("febuxostat",)


def test_two_words_that_a_hyphen_joins_are_one_thing(assembly):
    assert "half life" in gaps(assembly, "what is the half-life of ketamine?").unknown


@pytest.mark.parametrize("disease", ["heart failure", "blood cancer"])
def test_a_term_whose_words_only_stand_in_different_passages_is_a_gap(assembly, disease):
    assert all(assembly.index.having([stem(word)]) for word in disease.split())
    assert disease in gaps(assembly, f"is ketamine given in {disease}?").unknown


def test_a_passage_that_shows_the_particular_asked_for_covers_the_word_that_asks(assembly):
    shares = {hit.passage.text: hit.coverage for hit in found(assembly, "in which country was the Barton trial done").hits}
    place = next(share for text, share in shares.items() if "United States" in text)
    assert place > next(share for text, share in shares.items() if text.startswith("Motor subscale"))


def test_a_particular_that_a_named_source_never_shows_is_told(assembly):
    assert gaps(assembly, "Who funded the Pickering trial?").unshown_named
    assert not gaps(assembly, "How many took part in the Pickering trial?").unshown_named
    assert not gaps(assembly, "Does ketamine relieve neuropathic pain?").particulars


def test_a_specific_harm_is_not_covered_by_a_section_on_harms(assembly):
    shares = {hit.passage.text: hit.coverage for hit in found(assembly, "how often do people hallucinate on it").hits}
    saying = max(share for text, share in shares.items() if "hallucinat" in text.lower())
    assert saying >= max(share for text, share in shares.items() if text.startswith("Cardiovascular stimulation"))
