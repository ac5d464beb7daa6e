"""The stand-alone checker: what is true passes, and each kind of lie is caught, named, and answered by exit code 1."""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import recheck
from sequitur.batch import run_batch
from sequitur.chat import NO_DISCLAIMER, Chat
from sequitur.export import as_json
from sequitur.history import Conversation
from sequitur.schema import Role, Turn
from sequitur.settings import Settings

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
CHECKER = ROOT / "evals" / "recheck.py"
QUESTIONS = (
    ("How common are psychedelic effects with ketamine?", Role.CLINICIAN),
    ("and what about discomfort?", Role.PATIENT),
    ("What should be tried before ketamine?", Role.TRAINEE),
    ("I weigh 82 kg, how much ketamine should I take?", Role.PATIENT),
    ("ketamine dose for cats?", Role.CLINICIAN),
    ("I took too much ketamine", Role.CLINICIAN),
    ("ok thanks", Role.CLINICIAN),
)


def exported(chat: Chat) -> Record:
    turns: list[Turn] = []
    answers = []
    for question, role in QUESTIONS:
        answer = chat.ask(question, tuple(turns), role)
        turns.append(chat.turn(answer))
        answers.append(answer)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    whole: Record = json.loads(json.dumps(as_json(Conversation("c", "C", at, at, len(answers)), answers, chat.documents)))
    return whole


@pytest.fixture(scope="module")
def true(chat: Chat) -> Record:
    return exported(chat)


@pytest.fixture(scope="module")
def proof(settings: Settings) -> recheck.Proof:
    return recheck.Proof(settings.corpus, None)


def run(whole: Record, folder: Path, *options: str) -> tuple[int, str, str]:
    """The checker as a program of its own, with nothing of ours to import."""
    file = folder / "export.json"
    file.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(CHECKER), str(file), *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def lies(whole: Record, proof: recheck.Proof) -> str:
    """What the checker finds first; empty when all holds."""
    try:
        recheck.check(whole, proof)
    except (recheck.LieError, KeyError, TypeError, AttributeError) as lie:
        return str(lie) or "malformed"
    return ""


def test_it_imports_nothing_but_the_standard_library():
    tree = ast.parse(CHECKER.read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


def test_a_true_conversation_holds(true, settings: Settings, tmp_path):
    code, said, complained = run(true, tmp_path, "--corpus", str(settings.corpus))
    assert (code, complained) == (0, "")
    assert said.startswith(f"{len(QUESTIONS)} answers hold: ")


def test_a_file_of_a_batch_holds(settings: Settings, index_dir, tmp_path):
    rows = [{"id": 1, "turns": ["Does ketamine help nerve pain?", "And its side effects?"]}, {"id": 2, "turns": ["NNT of duloxetine"]}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run_batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", settings, Role.CLINICIAN)
    assert recheck.main([str(tmp_path / "out.jsonl"), "--corpus", str(settings.corpus)]) == 0


Lie = Callable[[Record], None]
LIES: dict[str, tuple[Lie, str]] = {
    "a word of a quotation": (lambda a: a["citations"][0].update(passage=_another_word(a["citations"][0]["passage"])), "does not stand at"),
    "a quotation cut short": (lambda a: a["citations"][0].update(passage=a["citations"][0]["passage"][:-5]), "does not stand at"),
    "white space in a quotation": (lambda a: a["citations"][0].update(passage=a["citations"][0]["passage"] + " "), "does not stand at"),
    "an offset moved by one": (lambda a: a["citations"][0].update(start=a["citations"][0]["start"] + 1), "does not stand at"),
    "offsets outside the source": (lambda a: a["citations"][0].update(end=10**9), "is no place"),
    "negative offsets": (lambda a: a["citations"][0].update(start=-5), "is no place"),
    "offsets that are no numbers": (lambda a: a["citations"][0].update(start="0"), "is no place"),
    "another sum": (lambda a: a["citations"][0].update(sha256="0" * 64), "no text with the sha256"),
    "another source": (lambda a: a["citations"][0].update(source="pickering2020-ketamine-magnesium"), "the text it quotes is"),
    "an invented source": (lambda a: a["citations"][0].update(source="smith2031"), "the text it quotes is"),
    "a citation left out": (lambda a: a["citations"].pop(), "has no citation"),
    "a citation twice": (lambda a: a["citations"].append(a["citations"][0]), "two citations have this number"),
    "a citation without its number": (lambda a: a["citations"].append({**a["citations"][0], "marker": 99}), "stands in no place"),
    "a number that is no citation": (lambda a: a.update(answer=a["answer"] + " [77]"), "[77] of the answer has no citation"),
    "a claim without a citation": (lambda a: a["claims"].append({**a["claims"][0], "citations": []}), "cites nothing"),
    "a claim left out of the list": (lambda a: a["claims"].clear(), "stands in no place"),
    "a claim that was refuted": (lambda a: a["claims"][0].update(verdict="contradicted"), "not found to be supported"),
    "a claim that the answer has not": (lambda a: a["claims"][0].update(text="Nothing of the kind was seen"), "does not stand in the answer"),
    "a denial slipped into answer and claim": (lambda a: _both(a, " ", " not "), "not what its quotations say"),
    "a number of the answer": (lambda a: a.update(answer=a["answer"] + "\n\nOf 731 patients."), "the number 731 stands in nothing"),
    "a number of answer and claim": (lambda a: _both(a, "4.94", "4.49"), "not what its quotations say"),
    "a disclaimer cut short": (lambda a: a.update(disclaimer=a["disclaimer"].split(". ")[0] + "."), "not the article's own"),
    "a disclaimer with another word": (lambda a: a.update(disclaimer=a["disclaimer"].replace("no liability", "full liability")), "not the article's own"),
    "no disclaimer": (lambda a: a.update(disclaimer=""), "the disclaimer is missing"),
    "a disclaimer left out": (lambda a: a.pop("disclaimer"), "the disclaimer is missing"),
    "an emergency that claims": (lambda a: a.update(urgent=True), "says that it does not answer"),
    "a refusal that claims": (lambda a: a.update(abstained=True), "says that it does not answer"),
}  # fmt: skip


def _both(answer: Record, old: str, new: str) -> None:
    """The same change in the answer and in the claim that it shows."""
    claim = next(claim for claim in answer["claims"] if old in claim["text"])
    answer["answer"] = answer["answer"].replace(claim["text"], claim["text"].replace(old, new, 1))
    claim["text"] = claim["text"].replace(old, new, 1)


def _another_word(passage: str) -> str:
    return " ".join([*passage.split(" ")[:-1], "otherwise"])


@pytest.mark.parametrize("kind", LIES)
def test_each_kind_of_lie_is_caught_and_named(true, proof, kind):
    change, said = LIES[kind]
    whole = copy.deepcopy(true)
    change(whole["answers"][0])
    found = lies(whole, proof)
    assert said in found
    assert found.startswith("answer 1: ")


def test_the_first_lie_is_one_line_and_exit_1(true, settings: Settings, tmp_path):
    whole = copy.deepcopy(true)
    whole["answers"][0]["citations"][0]["start"] += 1
    code, said, complained = run(whole, tmp_path, "--corpus", str(settings.corpus))
    assert (code, said) == (1, "")
    assert complained.startswith("recheck: answer 1: citation [1]: the quotation does not stand at")
    assert complained.count("\n") == 1


def test_claims_that_change_their_citations_are_caught(true, proof):
    """Every claim of every answer in turn is given the citations of another source's claim."""
    tried = 0
    for number, answer in enumerate(true["answers"]):
        for place, claim in enumerate(answer["claims"]):
            by = {citation["marker"]: citation["source"] for citation in answer["citations"]}
            own = {by[marker] for marker in claim["citations"]}
            for other in answer["claims"]:
                if own.isdisjoint(by[marker] for marker in other["citations"]):
                    whole = copy.deepcopy(true)
                    whole["answers"][number]["claims"][place]["citations"] = other["citations"]
                    tried += 1
                    assert lies(whole, proof)
    assert tried > 5


def test_one_number_cannot_mean_two_passages(true, proof):
    whole = copy.deepcopy(true)
    answer = whole["answers"][2]
    old, new = answer["citations"][-1]["marker"], whole["answers"][0]["citations"][0]["marker"]
    answer["citations"][-1]["marker"] = new
    answer["answer"] = answer["answer"].replace(f"[{old}]", f"[{new}]")
    for claim in answer["claims"]:
        claim["citations"] = [new if marker == old else marker for marker in claim["citations"]]
    assert "was another passage before" in lies(whole, proof)


def test_a_refusal_and_an_emergency_cannot_slip_in_an_amount(true, proof):
    for answer in true["answers"]:
        if not answer["citations"]:
            whole = copy.deepcopy(true)
            whole["answers"][true["answers"].index(answer)]["answer"] += "\n\nGive 40 mg."
            assert "amount" in lies(whole, proof)


def test_related_reading_is_quoted_as_exactly(true, proof):
    whole = copy.deepcopy(true)
    answer = next(answer for answer in whole["answers"] if answer["related"])
    answer["related"][0]["passage"] += "!"
    assert "related reading" in lies(whole, proof)


def test_what_the_export_says_of_sources_and_corpus_is_checked(true, proof):
    for change in (
        lambda whole: whole["sources"].pop(0),
        lambda whole: whole["corpus"]["documents"].popitem(),
        lambda whole: whole.update(disclaimer="None."),
    ):
        whole = copy.deepcopy(true)
        change(whole)
        assert lies(whole, proof).startswith("the conversation: ")


@given(st.data())
def test_no_field_of_a_citation_can_change_unseen(true, proof, data):
    """Any character of a quotation or of a sum, any offset, anywhere in the conversation."""
    whole = copy.deepcopy(true)
    answer = data.draw(st.sampled_from([answer for answer in whole["answers"] if answer["citations"]]))
    citation = data.draw(st.sampled_from(answer["citations"]))
    field = data.draw(st.sampled_from(["passage", "sha256", "source", "start", "end"]))
    before = citation[field]
    if isinstance(before, int):
        citation[field] = before + data.draw(st.integers(-500, 500).filter(bool))
    else:
        at = data.draw(st.integers(0, len(before) - 1))
        citation[field] = (
            before[:at] + data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != before[at])) + before[at + 1 :]
        )
    assert lies(whole, proof)


def test_a_model_may_put_it_in_other_words_but_not_in_other_figures_or_denials(true, proof):
    whole = copy.deepcopy(true)
    whole["answers"] = whole["answers"][:1]
    answer = whole["answers"][0]
    marker = answer["citations"][0]["marker"]
    quoted = answer["citations"][0]["passage"]
    assert "4.94" in quoted
    answer.update(mode="llm", citations=answer["citations"][:1])

    def says(text: str) -> str:
        answer["answer"] = f"{text} [{marker}]"
        answer["claims"] = [{"text": text, "citations": [marker], "verdict": "supported", "lead": ""}]
        return lies({"answers": [answer]}, proof)

    assert says("Psychedelic effects had a RR of 4.94") == ""
    assert "the number 9.44" in says("Psychedelic effects had a RR of 9.44")
    assert "do not deny" in says("Psychedelic effects did not have a RR of 4.94")
    assert "its words are not" in says("Colchicine relieves gouty arthritis quickly")


def test_a_source_that_is_no_text_is_proved_by_its_stored_text_or_not_at_all(true, settings: Settings, tmp_path):
    """As if one reference were a PDF: its file in the corpus cannot be read as text."""
    corpus = tmp_path / "corpus"
    shutil.copytree(settings.corpus, corpus)
    source = next(c["source"] for c in true["answers"][0]["citations"] if c["kind"] != "article")
    file = next(corpus.rglob(f"{source}.md"))
    texts = tmp_path / "texts"
    texts.mkdir()
    file.rename(texts / f"{source}.txt")
    file.with_suffix(".pdf").write_bytes(b"%PDF-1.7 \xff\xfe")
    code, _, complained = run(true, tmp_path, "--corpus", str(corpus))
    assert code == 1
    assert "give the stored text by --texts" in complained
    code, said, _ = run(true, tmp_path, "--corpus", str(corpus), "--texts", str(texts))
    assert code == 0
    assert "against stored texts" in said


def test_an_article_that_is_no_text_is_proved_by_its_stored_text(true, settings: Settings, tmp_path):
    corpus, texts = tmp_path / "corpus", tmp_path / "texts"
    shutil.copytree(settings.corpus, corpus)
    texts.mkdir()
    [article] = corpus.glob("*/article.txt")
    article.with_suffix(".html").write_text("<html></html>", encoding="utf-8")
    article.rename(texts / f"{article.parent.name}.txt")
    assert run(true, tmp_path, "--corpus", str(corpus))[0] == 2
    code, said, _ = run(true, tmp_path, "--corpus", str(corpus), "--texts", str(texts))
    assert code == 0
    assert "against stored texts" in said


def test_its_reading_of_the_article_is_the_parsers(chat: Chat, settings: Settings, proof):
    text = chat.documents[chat.article.document_id].text
    assert recheck._disclaimer(text) == chat.article.disclaimer
    assert recheck.STAND_IN == NO_DISCLAIMER
    assert all(hashlib.sha256(document.text.encode()).hexdigest() in proof.texts for document in chat.documents.values())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"answers": []}', "nonsense", '{"a": 1}\n'])
def test_what_is_no_export_is_exit_2(settings: Settings, tmp_path, capsys, content):
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    code = recheck.main([str(tmp_path / "x.json"), "--corpus", str(settings.corpus)])
    assert code in {1, 2}
    assert capsys.readouterr().err.startswith("recheck: ")


def test_a_corpus_without_an_article_is_exit_2(true, tmp_path):
    assert run(true, tmp_path, "--corpus", str(tmp_path))[0] == 2
