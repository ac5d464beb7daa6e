"""The same question in five wordings: is the same said?"""

from __future__ import annotations

import random
import re
from itertools import combinations

from evals.cases import Case
from evals.probes.adversarial import claims
from evals.probes.ground import Finding, Ground, finding
from evals.systems import predict
from sequitur.analysis import STOPWORDS
from sequitur.errors import QuestionError
from sequitur.lexicon import general
from sequitur.schema import Answer, Role
from sequitur.text import tokens

_KINDS = frozenset({"abbreviation", "synonym", "brand"})
_LONG = 7  # letters from which a word may be mistyped
_POLITE = ("Could you tell me {}?", "I would like to know: {}?", "A colleague asked me this: {}?", "Quick question - {}?")


def paraphrase(ground: Ground) -> Finding:
    """How much of what is cited and stated stays when a question is put in other words."""
    overlap, same_outcome, same_first, same_claims, failures = [], [], [], [], []
    for case in ground.answerable():
        answers = [predict(ground.chat, case), *_asked(ground, case)]
        cited = [frozenset(citation.passage_id for citation in answer.citations) for answer in answers]
        pairs = [jaccard(one, other) for one, other in combinations(cited, 2)]
        overlap.append(sum(pairs) / len(pairs))
        same_outcome.append(len({answer.outcome for answer in answers}) == 1)
        same_first.append(len({claims(answer)[:1] for answer in answers}) == 1)
        same_claims.append(len({frozenset(claims(answer)) for answer in answers}) == 1)
        if not same_outcome[-1]:
            failures.append(f"{case.id}: {', '.join(answer.outcome.value for answer in answers)}")
    count = len(overlap)
    figures = {
        "questions, five wordings each": count,
        "cited passages shared (mean Jaccard)": sum(overlap) / count if count else None,
        "same outcome in all five": sum(same_outcome) / count if count else None,
        "same first claim in all five": sum(same_first) / count if count else None,
        "same claims in all five": sum(same_claims) / count if count else None,
    }
    return finding("paraphrase", "the same question in five wordings", figures, failures)


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared members as a share of all; 1 where both are empty."""
    return len(one & other) / len(one | other) if one | other else 1.0


def _asked(ground: Ground, case: Case) -> list[Answer]:
    found = []
    for question in wordings(case.standalone, random.Random(f"{ground.seed}:{case.id}")):
        try:
            found.append(ground.chat.ask(question, (), Role(case.role)))
        except QuestionError:
            continue
    return found


def wordings(standalone: str, chance: random.Random) -> tuple[str, str, str, str]:
    """The clean question; in a polite frame with a term of the lexicon replaced; telegraphic; with one typing error."""
    bare = standalone.rstrip(" ?.!")
    polite = chance.choice(_POLITE).format(f"{bare[:1].lower()}{bare[1:]}" if bare[1:2].islower() else bare)
    words = [word for word in bare.split() if re.sub(r"\W", "", word).lower() not in STOPWORDS]
    return standalone, exchanged(polite, chance), " ".join(words), mistyped(standalone, chance)


def exchanged(text: str, chance: random.Random) -> str:
    """One term of the lexicon said in another of its wordings; as it was where the lexicon knows none."""
    lexicon = general()
    printed = tokens(text, lower=False)
    matches = lexicon.find([lexicon.american(token.lower()) for token in printed], printed)
    options = [
        (match.words, expansion.words)
        for match in matches
        for expansion in match.expansions
        if expansion.kind in _KINDS and expansion.weight >= 0.9
    ]
    if not options:
        return text
    old, new = chance.choice(options)
    return re.sub(r"[\s-]+".join(map(re.escape, old)), " ".join(new), text, count=1, flags=re.IGNORECASE)


def mistyped(text: str, chance: random.Random) -> str:
    """Two neighbouring letters inside one long word change places."""
    found = [match for match in re.finditer(r"[A-Za-z]+", text) if len(match.group()) >= _LONG]
    if not found:
        return text
    match = chance.choice(found)
    at = match.start() + chance.randrange(2, len(match.group()) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
