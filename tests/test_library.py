"""Several articles side by side: a conversation is about one of them and cites nothing of the others; search can span all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.build import build_index
from sequitur.chat import Library, open_chat, open_library
from sequitur.cli import app
from sequitur.errors import SettingsError
from sequitur.settings import Settings
from tests.conftest import write_note

ASTHMA = """# Salbutamol in Asthma

## Relief of an Attack

Salbutamol relieves an acute attack of asthma within minutes. 1

## Risks

- Tremor is common with salbutamol. 1

## Disclaimer

Written for pharmacists. Not a substitute for judgement.
"""
ATTACK = "What shortens an acute attack?"


@pytest.fixture
def shelf(gout: Settings) -> Settings:
    """Two articles, each with a reference `doe2019` of its own; indexed."""
    folder = gout.corpus / "asthma"
    folder.mkdir()
    (folder / "article.md").write_text(ASTHMA, encoding="utf-8")
    write_note(
        folder, "doe2019", 1, "Salbutamol relieved the attack in 17 of 20 adults within 5 minutes.", title="Salbutamol in acute asthma"
    )
    build_index(gout)
    return gout


@pytest.fixture
def library(shelf: Settings) -> Library:
    return open_library(shelf)


@pytest.fixture
def run(shelf: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """The command line over the two articles."""
    monkeypatch.chdir(tmp_path)
    for name, value in shelf.model_dump().items():
        monkeypatch.setenv(f"SEQUITUR_{name.upper()}", str(value)) if value else None
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("slug", ["asthma", "gout"])
def test_an_answer_cites_its_article_and_that_articles_references_alone(library: Library, slug):
    chat = library.chat(slug)
    for question in (ATTACK, "What are the side effects?", "How is it dosed?", "colchicine or salbutamol?"):
        answer = chat.ask(question)
        assert answer.provenance.article == slug
        assert all(chat.documents[citation.source].article == slug for citation in (*answer.citations, *answer.related))
        assert answer.disclaimer == chat.article.disclaimer


def test_each_article_has_its_own_reference_of_the_same_name(library: Library):
    asthma, gout = library.chat("asthma"), library.chat("gout")
    assert asthma.documents["doe2019"].title == "Salbutamol in acute asthma"
    assert "Colchicine shortened the attack" in gout.documents["doe2019"].text
    assert {entry.number: entry.document_ids for entry in gout.ledger}["1"] == ("doe2019",)
    claim = next(passage for passage in gout.passages.values() if passage.citations == ("1",))
    assert all(identity.startswith("doe2019:") for identity in claim.supports)


@pytest.mark.parametrize("question", [ATTACK, "How is colchicine dosed?", "nausea?", "What about salbutamol?"])
def test_an_article_is_answered_about_as_if_it_stood_alone(shelf: Settings, library: Library, tmp_path: Path, question):
    alone = shelf.model_copy(update={"corpus": tmp_path / "alone", "index": str(tmp_path / "alone-index")})
    alone.corpus.mkdir()
    (alone.corpus / "gout").symlink_to(shelf.corpus / "gout")
    shutil.copytree(shelf.index, alone.index)  # for its vectors: they differ a little with what they are embedded beside
    assert build_index(alone).embedded == 0
    one, other = open_chat(alone).ask(question), library.chat("gout").ask(question)
    assert (one.answer, one.standalone, one.outcome) == (other.answer, other.standalone, other.outcome)
    assert [citation.passage_id for citation in one.citations] == [citation.passage_id for citation in other.citations]


@pytest.mark.parametrize(("slug", "words"), [("", "say which one.*asthma, gout"), ("migraine", "no article 'migraine'.*asthma, gout")])
def test_an_article_that_is_not_named_or_not_there_is_asked_for(library: Library, slug, words):
    with pytest.raises(SettingsError, match=words):
        library.chat(slug)


def test_the_settings_may_name_the_article(shelf: Settings):
    assert open_chat(shelf.model_copy(update={"article": "asthma"})).article.title == "Salbutamol in Asthma"


def test_the_command_line_asks_for_the_article_and_takes_it(run):
    refused = run("ask", ATTACK)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--article (asthma, gout)" in refused.stderr
    answered = json.loads(run("ask", ATTACK, "--article", "gout", "--json").stdout)
    assert answered["provenance"]["article"] == "gout"
    assert answered["citations"]


def test_a_conversation_stays_with_its_article(run):
    assert run("ask", ATTACK, "--article", "gout", "--conversation", "ward").exit_code == 0
    followed = json.loads(run("ask", "And its dose?", "--conversation", "ward", "--json").stdout)
    assert followed["provenance"]["article"] == "gout"
    refused = run("ask", "And its dose?", "--conversation", "ward", "--article", "asthma")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "is about the article 'gout'" in refused.stderr


def test_search_is_about_one_article_or_spans_all(run):
    one = json.loads(run("search", "attack", "--article", "gout", "--json").stdout)["hits"]
    everywhere = json.loads(run("search", "attack", "--all", "--json").stdout)["hits"]
    assert {hit["article"] for hit in one} == {"gout"}
    assert {hit["article"] for hit in everywhere} == {"asthma", "gout"}
    assert {"asthma/doe2019", "gout/doe2019"} <= {hit["document_id"] for hit in everywhere}
    assert run("search", "attack", "--all", "--article", "gout").exit_code == 2


def test_the_articles_are_listed_by_the_names_that_are_taken(run):
    rows = json.loads(run("articles", "--json").stdout)["articles"]
    assert [(row["article"], row["references"]) for row in rows] == [("asthma", 1), ("gout", 2)]


def test_a_batch_may_name_an_article_a_line(run, tmp_path: Path):
    lines = [{"id": 1, "turns": [ATTACK], "article": "gout"}, {"id": 2, "turns": [ATTACK], "article": "asthma"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert run("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl").exit_code == 0
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [answer["provenance"]["article"] for answer in answers] == ["gout", "asthma"]
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": 1, "turns": [ATTACK], "article": 3}) + "\n", encoding="utf-8")
    assert run("batch", tmp_path / "in.jsonl", tmp_path / "out.jsonl").exit_code == 2


def test_rolling_back_from_the_command_line_says_what_comes_next(run, shelf: Settings):
    write_note(shelf.corpus / "gout", "poe2021", 2, "Colchicine was given to 30 adults.", title="Another trial of colchicine")
    assert run("ingest").exit_code == 0
    result = run("ingest", "--rollback")
    assert result.exit_code == 0
    assert "the next `sequitur ingest` brings it up to the corpus again" in result.stdout
    assert "poe2021" not in run("text", "poe2021").stdout
    assert json.loads(run("ingest", "--json").stdout)["added"] == 1
    assert run("ingest", "--rollback", "--watch").exit_code == 2
