"""By which routes a text says that something is given: "a drip" and "intravenous" are one. A dose by one route is none by another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# The field's word for each route, and the words that say it; "adjuvant to oral morphine" is another drug's route.
_WORDINGS = {
    "intravenous": r"intravenous(?:ly)?|i\.?v|drips?|bolus(?:es)?",
    "infusion": r"infus(?:ions?|ed)",
    "subcutaneous": r"subcutaneous(?:ly)?|subcut|under the skin",
    "intramuscular": r"intramuscular(?:ly)?|into (?:a|the) muscle",
    "oral": r"oral(?:ly)?|p\.?o|by mouth|tablets?|capsules?|pills?|swallow(?:ed|ing)?",
    "sublingual": r"sublingual(?:ly)?|under the tongue|lozenges?",
    "topical": r"topical(?:ly)?|creams?|gels?|ointments?|lotions?|(?:rubbed|put|applied) on(?:to)? the skin",
    "transdermal": r"transdermal(?:ly)?|patch(?:es)?|plasters?",
    "intranasal": r"intranasal(?:ly)?|nasal(?:ly)?|up the nose|nose spray",
    "inhaled": r"inhaled|inhalers?|nebuli[sz](?:ed|ers?)",
    "rectal": r"rectal(?:ly)?|suppositor(?:y|ies)|enemas?",
    "epidural": r"epidural(?:ly)?",
    "intrathecal": r"intrathecal(?:ly)?",
}
# What one name leaves open, another may say.
_OPEN = (frozenset({"infusion", "intravenous"}), frozenset({"infusion", "subcutaneous"}), frozenset({"topical", "transdermal"}))
_ROUTE = re.compile("|".join(rf"(?<!to )\b(?P<{route}>(?:{wordings}))\b" for route, wordings in _WORDINGS.items()), re.IGNORECASE)


@lru_cache(maxsize=50_000)
def routes(text: str) -> tuple[str, ...]:
    """The routes that a text names, in its order, each once and in the field's word."""
    return tuple(dict.fromkeys(str(found.lastgroup) for found in _ROUTE.finditer(text)))


def may_be(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two texts, by the routes that they name, may speak of the same one."""
    return any(first == second or {first, second} in _OPEN for first in one for second in other)
