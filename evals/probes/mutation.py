"""Claims made false in one way each, held against the passage they came from: what does the verifier let through?

Beside them the same claims unchanged and in harmless other words, which it must not withhold.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from evals.probes.ground import Finding, Ground, finding
from sequitur.analysis import stems
from sequitur.index import unmarked
from sequitur.lexicon import general
from sequitur.schema import TITLE, Claim, Document, Passage, Verdict
from sequitur.text import quantities, tokens
from sequitur.verify import verify

_ARMS = frozenset({"placebo", "control", "vehicle", "saline"})
_UNITS = {"mg": "g", "g": "mg", "mg/kg": "mg", "mg/kg/h": "mg/kg", "%": " points", "day": "weeks", "week": "months", "month": "weeks"}
_UNITS |= {"h": "minutes", "min": "hours", "year": "months", "mg/day": "mg/kg", "point": "%"}
_DENIED = re.compile(r"\b(?:not|no|without|never) ", re.IGNORECASE)
_STATED = re.compile(r"\b(?:is|are|was|were|did|does|may|can|should|has|have|had)\b")
_TURNED = {
    "increased": "decreased",
    "increase": "decrease",
    "reduced": "raised",
    "reduces": "raises",
    "reduction": "increase",
    "higher": "lower",
    "lower": "higher",
    "more": "less",
    "less": "more",
    "better": "worse",
    "improved": "worsened",
    "greater": "smaller",
    "fewer": "more",
}
_LIMITS = {
    "at least": "at most",
    "up to": "at least",
    "more than": "less than",
    "less than": "more than",
    "over": "under",
    "≥": "≤",
    "≤": "≥",
    "<": ">",
    ">": "<",
}
_HEDGES = re.compile(r"\b(?:only|may|might|possible|limited|weak|short-term|long-term|chronic|acute|refractory|at best) ", re.IGNORECASE)
_ALIKE = 0.5  # overlap of stems from which another passage may carry a claim too
_LEAST_WORDS = 5


class Mutant(NamedTuple):
    """A claim changed in one way, and the passage it names."""

    kind: str
    text: str
    passage: str


Mutator = Callable[[str, random.Random], str | None]


def number(text: str, chance: random.Random) -> str | None:
    """One figure becomes another."""
    found = [quantity for quantity in quantities(text) if text[quantity.span.start].isdigit()]
    if not found:
        return None
    span = chance.choice(found).span
    digits = re.match(r"\d+(?:[.,]\d+)*", text[span.start :])
    if digits is None:
        return None
    old = digits.group()
    place = chance.randrange(len(old))
    while not old[place].isdigit():
        place = chance.randrange(len(old))
    new = str((int(old[place]) + chance.randint(1, 8)) % 10)
    if place == 0 and new == "0":
        new = "7" if old[0] != "7" else "3"
    changed = old[:place] + new + old[place + 1 :]
    if any(quantity.value == changed.replace(",", "") for quantity in quantities(text)):
        return None  # the claim would say a figure of its own twice, which may be true elsewhere in it
    return text[: span.start] + changed + text[span.start + len(old) :]


def unit(text: str, chance: random.Random) -> str | None:
    """One figure keeps its value and changes its unit."""
    found = [quantity for quantity in quantities(text) if quantity.unit in _UNITS and text[quantity.span.start].isdigit()]
    if not found:
        return None
    quantity = chance.choice(found)
    value = re.match(r"\d+(?:[.,]\d+)*", text[quantity.span.start :])
    if value is None:
        return None
    new = _UNITS[quantity.unit]
    gap = "" if new.startswith((" ", "%")) else " "
    return text[: quantity.span.start] + value.group() + gap + new + text[quantity.span.end :]


def negation(text: str, chance: random.Random) -> str | None:
    """A negation is taken away, or one is put in."""
    denied, stated = list(_DENIED.finditer(text)), list(_STATED.finditer(text))
    if denied and (not stated or chance.random() < 0.5):
        match = chance.choice(denied)
        return text[: match.start()] + text[match.end() :]
    if not stated:
        return None
    match = chance.choice(stated)
    return None if text[match.end() :].lstrip().startswith("not") else f"{text[: match.end()]} not{text[match.end() :]}"


def drug(text: str, chance: random.Random) -> str | None:
    """One drug becomes another that the claim does not name."""
    drugs = sorted(word for word in general().drugs if len(word) > 6)
    named = [match for match in re.finditer(r"[A-Za-z]+", text) if match.group().lower() in general().drugs]
    if not named:
        return None
    said = set(tokens(text))
    match = chance.choice(named)
    other = chance.choice([word for word in drugs if word not in said])
    return text[: match.start()] + other + text[match.end() :]


def arm(text: str, _chance: random.Random) -> str | None:
    """Two arms change places: who got what is turned round."""
    known = general().drugs | _ARMS
    named = [match for match in re.finditer(r"[A-Za-z]+", text) if match.group().lower() in known]
    different = [
        (one, other) for one in named for other in named if one.start() < other.start() and one.group().lower() != other.group().lower()
    ]
    between = [(one, other) for one, other in different if re.search(r"\d|than|versus|vs|over|against", text[one.end() : other.start()])]
    if not between:
        return None
    one, other = between[0]
    return text[: one.start()] + other.group() + text[one.end() : other.start()] + one.group() + text[other.end() :]


def direction(text: str, chance: random.Random) -> str | None:
    """More becomes less."""
    return _swapped(text, _TURNED, chance)


def comparator(text: str, chance: random.Random) -> str | None:
    """At least becomes at most."""
    return _swapped(text, _LIMITS, chance) if quantities(text) else None


def qualifier(text: str, chance: random.Random) -> str | None:
    """A word that restricts the claim is left out."""
    found = list(_HEDGES.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    return text[: match.start()] + text[match.end() :]


MUTATORS: Mapping[str, Mutator] = {
    "number": number,
    "unit": unit,
    "negation": negation,
    "drug": drug,
    "arms": arm,
    "direction": direction,
    "comparator": comparator,
    "qualifier": qualifier,
}


def _swapped(text: str, pairs: Mapping[str, str], chance: random.Random) -> str | None:
    found = [
        (match, new)
        for old, new in pairs.items()
        for match in re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)" if old[0].isalpha() else re.escape(old), text, re.IGNORECASE)
    ]
    if not found:
        return None
    match, new = chance.choice(sorted(found, key=lambda pair: pair[0].start()))
    return text[: match.start()] + new + text[match.end() :]


def harmless(text: str) -> dict[str, str]:
    """The same statement in other clothes: none of these changes what is said."""
    return {
        "as it stands": text,
        "without full stop": text.rstrip("."),
        "in bold": f"**{text}**",
        "per cent": re.sub(r"(\d)%", r"\1 percent", text),
        "hyphens": text.replace("–", "-").replace("—", "-"),
        "introduced": f"In sum, {text[:1].lower()}{text[1:]}" if text[:2].istitle() else text,
    }


def mutants(passages: Sequence[Passage], seed: int) -> list[Mutant]:
    """Every passage changed in every way that fits it, and its claim moved to a neighbour that does not carry it."""
    found = []
    for passage in passages:
        text = unmarked(passage)
        for kind, mutate in MUTATORS.items():
            changed = mutate(text, random.Random(f"{seed}:{kind}:{passage.id}"))
            if changed is not None and changed != text:
                found.append(Mutant(kind, changed, passage.id))
        elsewhere = _strangers(passage, passages)
        if elsewhere:
            moved = random.Random(f"{seed}:moved:{passage.id}").choice(elsewhere)
            found.append(Mutant("citation moved", text, moved.id))
    return found


def _strangers(passage: Passage, passages: Sequence[Passage]) -> list[Passage]:
    """Passages of the same document that say something else: citations slip to neighbours, not across the library."""
    own = set(stems(passage.text))
    return [
        other
        for other in passages
        if other.document_id == passage.document_id
        and other.id != passage.id
        and len(own & set(stems(other.text))) < _ALIKE * max(1, len(own))
        and unmarked(passage) not in other.text
    ]


def mutation(ground: Ground) -> Finding:
    """Catch rate by kind of change, and false alarms on what was not changed."""
    passages = [
        passage
        for passage in ground.chat.passages.values()
        if TITLE not in passage.flags and not passage.text.endswith("?") and len(passage.text.split()) >= _LEAST_WORDS
    ]
    return judged(passages, ground.chat.passages, ground.chat.documents, ground.seed)


def judged(passages: Sequence[Passage], known: Mapping[str, Passage], documents: Mapping[str, Document], seed: int) -> Finding:
    """What the verifier makes of the mutants of these passages."""
    made, caught = Counter[str](), Counter[str]()
    through = []
    for mutant in mutants(passages, seed):
        made[mutant.kind] += 1
        if verify(Claim(mutant.text, (mutant.passage,)), known, documents).verdict is Verdict.SUPPORTED:
            through.append(f"{mutant.kind}: {mutant.text} [{mutant.passage}]")
        else:
            caught[mutant.kind] += 1
    alarms, told = Counter[str](), Counter[str]()
    for passage in passages:
        for kind, text in harmless(unmarked(passage)).items():
            if kind == "as it stands" or text != unmarked(passage):
                told[kind] += 1
                alarms[kind] += verify(Claim(text, (passage.id,)), known, documents).verdict is not Verdict.SUPPORTED
    whole = sum(made.values())
    figures: dict[str, float | int | None] = {"mutants": whole, "caught": sum(caught.values()) / whole if whole else None}
    figures |= {f"caught: {kind} ({made[kind]})": caught[kind] / made[kind] for kind in (*MUTATORS, "citation moved") if made[kind]}
    figures["false alarms"] = sum(alarms.values()) / sum(told.values()) if told else None
    figures |= {f"false alarms: {kind} ({told[kind]})": alarms[kind] / told[kind] for kind in told}
    chosen = random.Random(seed).sample(through, len(through))
    return finding("mutation", "claims made false in one way, held against the passage they name", figures, chosen)
