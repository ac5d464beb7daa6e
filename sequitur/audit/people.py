"""In whom a sentence says something: children or adults, acute or chronic, in cancer, in the kidney patient; and by their years.

Closed lists of general medicine, fitted to no subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from sequitur.text import fold

_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")
_STOP = re.compile(r"\b(?:when|if|and|or|but|compared|versus|than|is|are|was|were|given|on|in|to|at|by|for|had|have|has|who)\b")
_POPULATIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("age", (("children", r"child\w*|p(?:a)?ediatric\w*|infants?|adolescen\w*|neonat\w*|newborns?|toddlers?|teenagers?|under 18"),
             ("adults", r"adults?|men|women|aged? (?:18|over 18)"), ("young people", r"young(?:er)? (?:adults?|people|patients|persons|women|men)"),
             ("older people", r"elderly|older (?:adults?|people|patients|persons)|geriatric|aged (?:over )?(?:65|70|75|80)[\w ]*|frail\w*"))),
    ("course", (("acute", r"(?<!non-)acute(?!ly)(?! (?:myel|lymph|coronary))|sub-?acute"), ("chronic", r"(?<!on-)chronic(?! (?:obstructive|kidney|lymph|myel|hepatitis))|long-standing|established"), ("episodic", r"episodic"))),
    ("cause", (("cancer", r"(?<!non-)(?<!non )(?:anti)?cancer|oncolog\w*|malignan\w*|chemotherapy\S*|tumou?rs?|leuk\w+|lymphoma\w*"),
               ("non-cancer", r"non-? ?cancer|non-? ?malignant"))),
    ("diabetes type", (("type 1 diabetes", r"type (?:1|i)(?: diabet\w*)?(?! crps)"), ("type 2 diabetes", r"type (?:2|ii)(?: diabet\w*)?"))),
    ("ejection fraction", (("reduced ejection fraction", r"reduced ejection fraction|hfref|ejection fraction (?:of )?(?:40 ?%? or (?:less|lower)|below 40|under 40|≤ ?40)"),
                           ("preserved ejection fraction", r"preserved ejection fraction|hfpef|ejection fraction (?:of )?(?:above|over|more than|>|≥|at least) ?(?:40|45|50)"))),
    ("pregnancy", (("pregnancy", r"pregnan\w*|obstetric\w*|gestational diabetes"),)),
    ("kidney function", (("kidney disease", r"chronic kidney disease|ckd|dialysis|h(?:a)?emodialysis|renal (?:impairment|failure|insufficiency)|kidney failure"),)),
    ("liver", (("liver disease", r"cirrho\w+|hepatic impairment|liver failure"),)),
    ("prevention", (("primary prevention", r"primary prevention|without (?:known |established )?cardiovascular disease"), ("secondary prevention", r"secondary prevention|(?:established|known|with|and) (?:cardiovascular|coronary(?: artery| heart)?) disease"))),
    ("severity", (("mild", r"mild(?! to)|minor"), ("severe", r"severe|life-threatening|critical(?:ly)? ill\w*"))),
    ("earlier treatment", (("refractory", r"refractory|treatment-resistant|resistant to treatment|after failure of|have failed|had failed"),
                           ("untreated", r"treatment-na[iï]ve|untreated|newly diagnosed|previously untreated"))),
    ("resistance", (("resistant strains", r"(?<!non)(?<!non-)(?<!treatment-)resistan\w+(?! to treatment)"), ("sensitive strains", r"sensitive|susceptible|non-?resistant"))),
    ("risk", (("high risk", r"(?:at )?(?:very )?high(?:er)?[- ]risk"), ("low risk", r"(?:at )?(?:very )?low(?:er)?[- ]risk"))),
    ("setting", (("hospital", r"hospitali[sz]ed|in-?patients?|intensive care|critically ill|admitted"), ("outpatients", r"out-?patients?|ambulatory|primary care|community-dwelling"))),
    ("spinal cord injury", (("spinal cord injury", r"spinal cord injur\w*"),)),
    ("fever", (("febrile", r"febrile|fever|feverish|pyrexial?"), ("no febrile", r"afebrile|apyrexial?"))),
    ("birth", (("preterm infants", r"preterm|premature|prematurity"), ("term infants", r"(?:born )?at term|full-?term|term (?:infants|newborns|babies)"))),
    ("CRPS", (("CRPS", r"crps|complex regional pain syndrome"),)),
    ("sex", (("women", r"women|females?"), ("men", r"(?<!wo)\bmen|males?"))),
)  # fmt: skip
_POPULATION = tuple((axis, tuple((value, re.compile(rf"\b(?:{pattern})\b")) for value, pattern in values)) for axis, values in _POPULATIONS)
_IN = re.compile(r"\b(?:in|among|for|with)\b ([^,.;()]{1,80})")
_AGES = re.compile(
    r"\b(?P<low>\d{1,2})(?: years)?(?: of age)? ?(?:to|through|-) ?(?P<high>\d{1,3}) (?:years|(?P<months>months))\b(?! (?:of (?!age)|after|later))"
    r"|\b(?:aged? |at least |over )?(?P<least>\d{2})(?: years?)?(?: of age| old)? ?(?:and|or) (?:older|over|above)\b|\baged (?:at least |over )(?P<least2>\d{2})\b"
    r"|\b(?:under|younger than) (?:the age of )?(?P<most>\d{1,2}) ?(?:years|yrs)\b"
)
_AGE_GROUPS = {"children": (0.0, 17.0), "adults": (18.0, 120.0), "older people": (75.0, 120.0)}
_KIN = re.compile(r"\b(?:relatives of|history of|prevention of|risk of|risk for|prevent) [\w ]{0,25}$")
_WITHOUT = re.compile(r"\b(?:(?:without|not|excluding|free of|no) (?:\w+ )?|non-?)$")
_WHOM = re.compile(
    r"\b(?:in|among|for|of) (?P<kind>(?:[\w-]+ ){0,3}?)(?:patients|adults|children|infants|people|women|men|persons|participants|individuals|those|survivors)"
    r"(?: (?:with|who (?:have|had|are|were)|having|after|undergoing|on|aged) (?P<with>(?:[\w-]+ ?){1,5}))?"
)
# A finding in these is not one in everybody; a claim that leaves them out says more than its source.
NARROW = {"children", "cancer", "type 1 diabetes", "pregnancy", "kidney disease", "liver disease", "spinal cord injury", "CRPS"}
# These must stand in the source when the claim says them.
RESTRICTIVE = NARROW | {
    "reduced ejection fraction",
    "preserved ejection fraction",
    "acute",
    "older people",
    "refractory",
    "primary prevention",
    "secondary prevention",
}
_TOGETHER = {
    frozenset({"adults", "older people"}),
    frozenset({"adults", "young people"}),
    frozenset({"children", "young people"}),
    frozenset({"adults", "women"}),
    frozenset({"adults", "men"}),
}


def without_whom(text: str) -> str:
    """A text without the words that say in whom: "reduced ejection fraction" reduces nothing."""
    for _, values in _POPULATION:
        for _, pattern in values:
            text = pattern.sub(" ", text)
    return text


@lru_cache(maxsize=20_000)
def populations(text: str) -> dict[str, frozenset[str]]:
    """In whom, by axis: {"age": {"children"}, "course": {"chronic"}}."""
    folded = fold(text)
    found = {axis: frozenset(_values(folded, values)) for axis, values in _POPULATION}
    return {axis: values for axis, values in found.items() if values}


def aged(text: str) -> frozenset[str]:
    """The ages that figures give: "12 to 82 years" are children, adults and older people, "80 years of age or older" are older people."""
    found: set[str] = set()
    for match in _AGES.finditer(fold(text)):
        if match["months"]:
            found.add("children")
            continue
        low = float(match["low"] or match["least"] or match["least2"] or 0)
        high = float(match["high"] or match["most"] or (low if match["low"] else 120))
        found |= {name for name, (start, end) in _AGE_GROUPS.items() if low < end and high > start} - (
            {"older people"} if low < 60 else set()
        )
    return frozenset(found)


def in_whom(text: str) -> dict[str, frozenset[str]]:
    """The populations that a text names behind "in", "among", "for": those of "cancer fell in children" are children."""
    return populations(". ".join(_IN.findall(fold(text))))


def _values(folded: str, values: tuple[tuple[str, re.Pattern[str]], ...]) -> Iterator[str]:
    for value, pattern in values:
        for match in pattern.finditer(folded):
            if _KIN.search(folded[: match.start()]):
                continue
            yield f"no {value}" if _WITHOUT.search(folded[: match.start()]) else value


def whom(text: str) -> tuple[str, ...]:
    """The words that say in whom a claim holds: "in infants with pneumonia" gives pneumonia."""
    found = []
    for match in _WHOM.finditer(fold(text)):
        if not _WITHOUT.search(match["with"] or ""):
            found.extend(_WORDS.findall(f"{match['kind']} {_STOP.split(match['with'] or '')[0]}"))
    return tuple(dict.fromkeys(found))


def exclusive(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two sets of values on one axis name different people."""
    return not first & second and not any(frozenset({one, other}) in _TOGETHER for one in first for other in second)
