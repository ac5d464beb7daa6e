"""A chat model behind LangChain's `init_chat_model`, asked for a draft that the verifier will hold against the passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import prompts
from sequitur.errors import ModelError
from sequitur.schema import Claim, Draft, Hit, Query, Role, Turn
from sequitur.settings import Settings

_PASSAGES = 10
_SECONDS = 30.0  # for an answer
_REWRITE_SECONDS = 8.0  # for a rewritten question: the rules answer at once, so waiting longer does not pay
_HISTORY = 8  # earlier questions that a rewrite is given
_TOKENS = 500
_LONGEST = 6000  # characters of a reply that are read; the rest of a reply that never ends is not
_LABEL = re.compile(r"\[src-(\d{1,3})\]")
_NO_ANSWER = re.compile(r"^\W*no answer\b", re.IGNORECASE)


class LanguageModel:
    """Writes drafts and rewrites follow-ups with a chat model. What it writes is checked by others before it counts."""

    def __init__(self, model: Any, quick: Any) -> None:  # noqa: ANN401 - LangChain BaseChatModels
        """Use `open_llm` instead. `quick`: the same model with a shorter time limit."""
        self._model, self._quick = model, quick

    def rewrite(self, question: str, turns: Sequence[Turn]) -> str:
        """The question in words that need no history, unchecked: the first line of the reply.

        Raises:
            ModelError: the model failed, or said nothing.
        """
        history = "\n".join(f"- {turn.asked}" for turn in turns[-_HISTORY:])
        reply = _said(self._quick, prompts.render("condense", history=history, question=question))
        line = next((line.strip().strip('"“”') for line in reply.splitlines() if line.strip()), "")
        if not line:
            message = "the language model rewrote the question as nothing"
            raise ModelError(message, retryable=True)
        return line

    def compose(self, query: Query, hits: Sequence[Hit], role: Role) -> Draft:
        """A draft whose claims name passages by label; without claims when the model says that nothing answers.

        Raises:
            ModelError: the model failed, or its reply is not in the agreed form; `retryable` says whether trying again can help.
        """
        offered = [hit.passage for hit in hits[:_PASSAGES]]
        listed = "\n".join(f"[src-{number}] {passage.text}" for number, passage in enumerate(offered, 1))
        prompt = prompts.render("answer", question=query.standalone, role=role.value, passages=listed)
        reply = _said(self._model, prompt)
        if _NO_ANSWER.match(reply):
            return Draft((), "llm")
        claims = tuple(claim for line in reply.splitlines() if (claim := _claim(line, [passage.id for passage in offered])))
        if not claims:
            message = "the language model's reply cites no passage"
            raise ModelError(message)
        return Draft(claims, "llm")


def _said(model: Any, prompt: str) -> str:  # noqa: ANN401 - a LangChain BaseChatModel
    try:
        return str(model.invoke(prompt).text)[:_LONGEST]
    except Exception as error:  # every provider package raises its own
        message = f"the language model did not answer ({type(error).__name__})"
        raise ModelError(message, retryable=True) from error


def _claim(line: str, ids: Sequence[str]) -> Claim | None:
    """One line of a reply. Labels that name no passage are kept as unknown, so that the verifier withholds the claim."""
    labels = [int(number) for number in _LABEL.findall(line)]
    text = re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", _LABEL.sub("", line)).strip()
    if not text or not (labels or len(text) > 20):
        return None
    return Claim(text, tuple(ids[label - 1] if 0 < label <= len(ids) else f"unknown:{label}" for label in dict.fromkeys(labels)))


def open_llm(settings: Settings) -> LanguageModel | None:
    """The model that the settings name; None where no model is set.

    Raises:
        ModelError: the provider's package is missing or refuses the settings.
    """
    if not settings.llm:
        return None
    try:
        from langchain.chat_models import init_chat_model

        options: dict[str, Any] = {"temperature": 0, "max_retries": 1, "max_tokens": _TOKENS}
        if settings.llm_base_url:
            options["base_url"] = settings.llm_base_url
        whole, quick = (init_chat_model(settings.llm, timeout=seconds, **options) for seconds in (_SECONDS, _REWRITE_SECONDS))
        return LanguageModel(whole, quick)
    except Exception as error:  # every provider package raises its own
        message = f"the language model {settings.llm!r} cannot be opened ({type(error).__name__}: {str(error).splitlines()[0][:200]})"
        raise ModelError(message) from error
