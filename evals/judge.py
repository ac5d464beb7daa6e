"""A language model as a second judge of a finished run, and how far it agrees with the deterministic measures. Off unless a model is named.

Cohen's kappa (1960) over single decisions: is a claim carried by what it cites, is a vital fact told. Replies are kept beside the run under the digest of model, prompt
and case, and never asked for twice.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prompts
from evals.cases import Case
from evals.citations import supported
from evals.store import Run, RunError
from sequitur.errors import ModelError
from sequitur.jsonvalue import from_json
from sequitur.settings import Settings

_SECONDS = 60.0
_TOKENS = 400
_LINE = re.compile(r"^\W*(CLAIM|FACT)\s+(\d{1,2})\W+(yes|no)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What both judges say of one case, decision by decision; `key` names what the model was asked."""

    key: str
    case: str
    claims: tuple[tuple[bool, bool], ...]  # the measure, the model
    facts: tuple[tuple[bool, bool], ...]
    unread: int  # decisions that the reply leaves out


Ask = Callable[[str], str]


def open_judge(settings: Settings) -> Ask:
    """The model that the settings name, as a function from prompt to reply.

    Raises:
        ModelError: none is named, or it cannot be opened; asking raises it when the model does not answer.
    """
    if not settings.llm:
        message = "no judge is named: set SEQUITUR_LLM or give --model PROVIDER:MODEL"
        raise ModelError(message)
    try:
        from langchain.chat_models import init_chat_model

        options: dict[str, Any] = {"temperature": 0, "timeout": _SECONDS, "max_retries": 1, "max_tokens": _TOKENS}
        if settings.llm_base_url:
            options["base_url"] = settings.llm_base_url
        model = init_chat_model(settings.llm, **options)
    except Exception as error:  # every provider package raises its own
        message = f"the judge {settings.llm!r} cannot be opened ({type(error).__name__}: {str(error).splitlines()[0][:200]})"
        raise ModelError(message) from error

    def ask(prompt: str) -> str:
        try:
            return str(model.invoke(prompt).text)
        except Exception as error:
            message = f"the judge did not answer ({type(error).__name__}); what it said so far is kept"
            raise ModelError(message, retryable=True) from error

    return ask


def judge(run: Run, cases: Mapping[str, Case], model: str, ask: Ask) -> Iterator[Opinion]:
    """An opinion on every answered case, in order; those known are not asked for again.

    Raises:
        RunError: the run is of other cases, or its kept replies are damaged.
        ModelError: the model did not answer.
    """
    kept = run.folder / "judge.jsonl"
    known = _known(kept)
    with kept.open("a", encoding="utf-8") as sink:
        for prediction in run.predictions():
            case = cases.get(prediction["id"])
            if case is None:
                message = f"{run.folder}: the case {prediction['id']!r} is not in the gold set: give the one it was run with by --gold"
                raise RunError(message)
            if not prediction["claims"]:
                continue
            prompt = _prompt(case, prediction)
            key = hashlib.sha256(f"{model}\n{prompt}".encode()).hexdigest()[:32]
            opinion = known.get(key)
            if opinion is None:
                opinion = read(key, case, prediction, ask(prompt))
                sink.write(json.dumps(dataclasses.asdict(opinion), ensure_ascii=False) + "\n")
                sink.flush()
            yield opinion


def read(key: str, case: Case, prediction: Mapping[str, Any], reply: str) -> Opinion:
    """Both judges side by side. A decision that the reply leaves out is counted, not guessed."""
    said = {(kind.upper(), int(number)): word.lower() == "yes" for kind, number, word in _LINE.findall(reply)}
    measured = {("CLAIM", number): _carried(claim, prediction) for number, claim in enumerate(prediction["claims"], 1)}
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    measured |= {("FACT", number): nugget.recalled(prediction["answer"]) for number, nugget in enumerate(vital, 1)}
    pairs = {place: (value, said[place]) for place, value in measured.items() if place in said}
    return Opinion(
        key=key,
        case=case.id,
        claims=tuple(pair for (kind, _), pair in pairs.items() if kind == "CLAIM"),
        facts=tuple(pair for (kind, _), pair in pairs.items() if kind == "FACT"),
        unread=len(measured) - len(pairs),
    )


def agreement(opinions: Sequence[Opinion]) -> dict[str, Any]:
    """Agreement, kappa and each judge's share of "yes", for claims and for facts."""
    figures: dict[str, Any] = {"cases": len(opinions), "decisions left out": sum(opinion.unread for opinion in opinions)}
    for name in ("claims", "facts"):
        pairs = [pair for opinion in opinions for pair in getattr(opinion, name)]
        figures[name] = {
            "decisions": len(pairs),
            "agreement": round(sum(one == other for one, other in pairs) / len(pairs), 4) if pairs else None,
            "kappa": kappa(pairs),
            "measure says yes": round(sum(one for one, _ in pairs) / len(pairs), 4) if pairs else None,
            "judge says yes": round(sum(other for _, other in pairs) / len(pairs), 4) if pairs else None,
        }
    return figures


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's kappa; None where chance alone would agree always."""
    if not pairs:
        return None
    observed = sum(one == other for one, other in pairs) / len(pairs)
    first, second = sum(one for one, _ in pairs) / len(pairs), sum(other for _, other in pairs) / len(pairs)
    expected = first * second + (1 - first) * (1 - second)
    return None if expected == 1.0 else round((observed - expected) / (1 - expected), 4)


def _prompt(case: Case, prediction: Mapping[str, Any]) -> str:
    claims = [
        f"CLAIM {number}: {' '.join([claim['lead'], claim['text']]).strip()} [cites {', '.join(map(str, claim['citations']))}]"
        for number, claim in enumerate(prediction["claims"], 1)
    ]
    passages = [f"[{citation['marker']}] {citation['passage']}" for citation in prediction["citations"]]
    facts = [f"FACT {number}: {nugget.text}" for number, nugget in enumerate((nugget for nugget in case.nuggets if nugget.vital), 1)]
    listed = {"claims": "\n".join(claims), "passages": "\n".join(passages), "facts": "\n".join(facts) or "none"}
    return prompts.render("judge", question=case.standalone, **listed)


def _carried(claim: Mapping[str, Any], prediction: Mapping[str, Any]) -> bool:
    by_marker = {citation["marker"]: citation["passage"] for citation in prediction["citations"]}
    whole = f"{claim['lead']}\n{claim['text']}" if claim["lead"] else claim["text"]
    return supported(whole, tuple(by_marker[marker] for marker in claim["citations"]))


def _known(file: Path) -> dict[str, Opinion]:
    if not file.is_file():
        return {}
    try:
        rows = [from_json(Opinion, json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (ValueError, TypeError, KeyError) as error:
        message = f"{file} is damaged: delete it and judge again"
        raise RunError(message) from error
    return {opinion.key: opinion for opinion in rows}
