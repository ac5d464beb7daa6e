"""How a medical sentence says what it says: the way an effect points, what is advised, what is denied, how often, how strongly, in whom.

Closed lists of general English and general medicine, fitted to no subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sequitur.figures import RATIOS, Figure, figures
from sequitur.text import fold

UP, DOWN, BETTER, WORSE, NULL, VARIES = "up", "down", "better", "worse", "null", "varies"

_NOT = r"(?:not|n't|never|cannot|nor|neither|hardly|scarcely)"
_NULLS = re.compile(
    rf"\b{_NOT} (?:[\w-]+ ){{0,2}}?associated with (?:an? )?(?:[\w-]+ )?(?:increas\w+|higher|greater|reduc\w+|lower|decreas\w+|excess|rise)\b"
    r"|\bno (?:[\w-]+ ){0,4}?(?:differences?|effects?|benefits?|improvements?|reductions?|increases?|changes?|advantages?|harms?|impact|association|gain|influence|relief|response|superiority|analgesia|help)\b"
    rf"|\b{_NOT} (?:[\w-]+ ){{0,3}}?(?:differ\w*|reduc\w*|improv\w*|increas\w*|decreas\w*|lower\w*|chang\w*|affect\w*|reliev\w*|effective|better|superior|associated|prevent\w*"
    r"|depend\w*|shorten\w*|significant|statistically|rais\w*|benefi\w*|help\w*|protect\w*|worse\w*|alter\w*|prolong\w*|influenc\w*|vary|varied|cut|more \w+ than|less \w+ than)\b"
    r"|\b(?:no|not|nothing) (?:significantly |any |clinically )?(?:better|more effective|worse|different|longer significant|higher|lower|greater|more than)\b|\bineffective\b"
    r"|\b(?:similar|comparable|alike|unchanged|equally|identical|equivalent|indistinguishable)\b|\bthe same (?:in|for|with|as|frequency|rate)\b|(?<!times )(?<!twice )(?<!half )\bas (?:often|common|frequent\w*|many)\b.{0,20}\bas\b|\bmuch the same\b"
    rf"|\b{_NOT} (?:[\w-]+ ){{0,2}}?(?:more|less|higher|fewer|longer|shorter|greater)\b"
    r"|\bwithout (?:an? |any )?(?:[\w-]+ ){0,2}?(?:differences?|benefits?|effects?|improvements?|gain|increased? (?:in|of|risk)|excess|increase)\b|\bfail(?:ed|s|ure)? to\b|\black(?:s|ed|ing)? (?:of )?(?:\w+ )?(?:benefit|efficacy|effect)\b"
    r"|\bno (?:more|less) (?:often|common|frequent|likely)\b|\bas (?:good|effective|well|safe|efficacious) as\b|\b(?:non-?|not )inferior\w*|\bon a par\b|\blittle (?:or no|to no|if any)\b(?: (?:\w+ )?(?:differences?|effects?|benefits?|improvements?|reductions?|change|advantage|gain)\b)?|\bharmless\b|\bnon-?significan\w*\b|\bno (?:clear|evidence of)\b|\birrespective of\b|\bregardless of\b|\bindependent(?:ly)? of\b|\b(?:uncertain\w*|unclear|inconclusive|insufficient)\b"
    rf"|\b(?:threshold|endpoint|outcome) (?:was )?(?:missed|not met)\b|\bnever\b|\b{_NOT} (?:[\w-]+ ){{0,3}}?(?:establish\w*|demonstrat\w*|proven?|confirm\w*)\b|\bunproven\b|\b(?:due to|by) chance\b"
)
_NO_DIFFERENCE = re.compile(
    rf"\b(?:uncertain\w*|unclear|insufficient)\b|\bno (?:[\w-]+ ){{0,3}}?(?:differences?|change)\b|\b{_NOT} (?:[\w-]+ ){{0,2}}?(?:differ|statistically significant)\b|\bnot significant\b|\bnon-?significan\w*"
)
_UPS = re.compile(
    r"\b(?:increas\w*|rais\w+|higher|greater|elevat\w*|rises?|rose|risen|longer|doubl(?:ed|es|ing)|doubles? (?:the|that)|tripl(?:ed|es|ing)|(?<!or )more (?!than\b|with\b|in\b|on\b|for\b|of\b|to\b|at\b|by\b|likely to benefit)\w+|prolong\w*|exceed\w*|grew|larger|additional|more often|added to the risk"
    r"|twice as|times as|most frequent|commoner|gains?|climb\w*|excess|stimulat\w+|promot\w+)\b"
)
_DOWNS = re.compile(
    r"\b(?:reduc\w*|decreas\w*|lower\w*|less|fewer|falls?|fell|fallen|dropp?\w*|declin\w*|shorten\w*|shorter|prevent(?:s|ed|ing)?|suppress\w*|halv\w*|smaller|diminish\w*|cuts?|cutting|reliev\w*|reliefs?|eas(?:e|es|ed|ing)"
    r"|alleviat\w*|attenuat\w*|protect\w*|avert\w*|mitigat\w*|slow(?:s|ed|ing)?|abolish\w*|down (?:by|from|to)|brought \w+ down|spar(?:e|es|ed|ing)|minimi[sz]\w*)\b"
)
_BETTERS = re.compile(
    r"\b(?:effective\w*|efficac\w+|benefi\w+|improv\w*|superior\w*|better|outperform\w*|favou?r\w*|help(?:s|ed|ful)?|works?(?! group)|beat|successful\w*|analgesi[ac]|relief|reliev\w*)\b"
)
_WORSES = re.compile(r"\b(?:worse(?:n|ns|ned)?|inferior\w*|harm(?:s|ed|ful)?|detriment\w*|deteriorat\w*|aggravat\w*|exacerbates?)\b")
_VARIES = re.compile(r"\b(?:depend(?:s|ed|ent)? on|differ(?:s|ed)? (?:between|by|with|according)|varie[sd] (?:with|by)|only in those)\b")
_AGAINST = re.compile(
    r"\b(?:not|never|no longer|nor) (?:be )?(?:\w+ )?(?:recommend\w*|advis\w*|indicated|suggest\w*|offered|used?|given|taken|started|considered|prescribed|combined|administered)\b|\bno recommendation\b|\black of (?:evidence|support)\b|\bno (?:evidence|support) for\b|\bnot supported?\b"
    r"|\b(?:advis\w+|recommend\w*|counsel\w*|guidance|suggest\w*) against\b|\bcontra-?indicat\w*|(?<!to )\bavoid(?:s|ed|ing|ance)?\b|\bdiscourag\w*|\b(?:should|must|may) not\b|\bdo not (?:routinely )?(?:use|give|administer|offer|start|prescribe|recommend|treat|combine|take|stop|withhold|add|rely)\b|\bunsuitable\b|\bnot (?:for|a) routine\b"
    r"|\b(?:strong|weak|conditional)(?: recommendation)? against\b|\bagainst (?:the )?(?:routine )?use\b|\bset apart from routine\b|\bno (?:role|place) (?:for|in)\b|\bruled out in\b|\bforbidden\b|\bno (?:[\w-]+ ){0,4}(?:is|are) (?:needed|required|necessary)\b|\bnot (?:needed|required|necessary)\b|\b(?:should|must) (?:[\w-]+ )?be (?:stopped|withdrawn|discontinued|halted|omitted)\b|\bkeep away from\b|\bneither\b.{1,80}\bshould\b|\bnever\b.{0,30}\bbe (?:used|given)\b|\bwithheld\b"
)
_FOR = re.compile(
    r"\b(?:recommend(?:s|ed|ing)?|recommendations? (?:for|of|to)|(?:strong|weak|conditional) for|advis(?:ed?|es)|indicated|suggest(?:s|ed)|should (?:\w+ )?be|(?:may|can|could) (?:\w+ )?be (?:offered|considered|used|given|taken|tried|prescribed|combined|beneficial|useful)"
    r"|first[- ]line|second[- ]line|preferred|(?:drug|treatment|agent) of choice|(?:reasonable|suitable|acceptable|appropriate|adequate|good|valid|sensible) (?:[\w-]+ ){0,3}?(?:alternatives?|choices?|options?|substitutes?)|\bcontinu(?:ation|ing)\b.{0,40}\b(?:is|are) (?:reasonable|recommended|advised)|(?:is|are|seems?) reasonable|is an option|an option|consider\b|favou?rs? (?:the )?use|safe (?:in|during|for)|should follow|(?:is|are) (?:needed|required|necessary|offered))\b"
)
_BUT_FOR = re.compile(  # recommended for some and against for others, in one clause
    r"(?<!not )(?<!no longer )\b(?:recommended|advised|suggested) (?:for|in) .{0,120}\b(?:recommended|advised|suggested) against\b"
    r"|\b(?:recommended|advised|suggested) against .{0,120}\b(?:but|and) (?:\w+ )?(?:recommended|advised|suggested) (?:for|in)\b"
)
_RARE = re.compile(
    r"\b(?:rare(?:ly)?|uncommon|infrequent(?:ly)?|seldom|minority|few(?! \w+er)|isolated cases|exceptional(?:ly)?|very unlikely|occasional(?:ly)?)\b"
)
_OFTEN = re.compile(
    r"(?<!more )(?<!less )(?<!\bas )(?<!equally )(?<!un)\b(?:common(?:ly)?|frequent(?:ly)?|often|majority|most (?:patients|people|participants)|usual|universal)\b(?! than)"
)
_DENIES = re.compile(
    rf"\b(?:no(?! (?:treatment|therapy|intervention|drug))|none|{_NOT})\b|n't\b|\babsence of\b|\btoo \w+ for .{{1,40}} to be\b"
)
_CLAUSES = re.compile(
    r";|[.](?=\s)|\n|,? (?=(?:but|whereas|while|although|however|yet|despite)\b)|, and (?=\w+ (?:was|were|is|are|did|had)\b)"
    r"|,(?: and)? (?=(?:was|were|had|required|needed|reduced|increased|lowered|improved|raised|showed) )"
)
_STATISTICS = frozenset(
    [
        "hazard",
        "ratio",
        "odds",
        "relative",
        "risk",
        "confidence",
        "interval",
        "ci",
        "to",
        "p",
        "rr",
        "hr",
        "or",
        "irr",
        "md",
        "smd",
        "mean",
        "difference",
        "value",
        "adjusted",
        "sd",
        "se",
        "versus",
        "vs",
        "and",
        "of",
        "a",
    ]
)
_CONTRAST = re.compile(r"\A\s{0,3},?\s{0,3}(?:but|whereas|while|although|however|yet|despite)\b")
_FRACTION = re.compile(
    r"\b(?:favou?rable|good|excellent|poor|adverse) (?:[\w-]+ )?(?:outcomes?|results?|events?|effects?|reactions?)\b|"
    r"\b(?:low|lower|high|higher|lowest|highest|reduced|increased|larger|smaller)[- ](?:[\w-]+ )?dos(?:e|es|ing|age)s?\b"
    r"|\b(?:reduced|impaired|preserved|raised|elevated|lower|higher|increased)[- ](?:left ventricular )?(?:ejection fraction|function|dose|risk of bias|limbs?|back|leg|extremit\w+|respiratory|urinary|doses|age)\b"
)
_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")
_BOUND = re.compile(
    r"\b(?:do|does|did|not|should|must) (?:not )?exceed (?=\d)|\b(?:no|not) (?:more|less|fewer|longer|later|sooner|earlier|older|younger|lower|higher|greater) than (?=\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|half|an?)\b)"
)
_OVER, _UNDER = (
    re.compile(rf"\b(?:{words}) than (?=\d)") for words in ("more|greater|higher|older|longer", "less|fewer|lower|younger|shorter")
)
_ALL_ALIKE = re.compile(r"\bno (?:[\w-]+ ){0,3}?(?:heterogeneity|interactions?)\b(?: (?:of|in) (?:the )?(?:treatment )?effects?)?")
_EXCEEDS = re.compile(r"\bexceed(?:s|ed|ing)? (?=\d)")
_BRACKET = re.compile(r"\([^()]*\)")

_CONTROL = re.compile(r"\b(?:placebo|controls?|usual care|standard care|sham)\b")
_APART = 1.25  # how much larger one percentage must be than the other to point anywhere
_RELATIVE = re.compile(r"\b(?:ratio|relative|hazard|odds)\b")
_OF_WHOM = re.compile(r"\b(?:who|that|which) (?:have|had|has|did|do|does|were|are|was|is) not\b")
_STRONG = re.compile(r"\bstrong(?:ly)?\b(?! opioid)|\bclass (?:i|1)\b(?![iv\d])|\bgrade (?:a|1a?)\b|\bmust\b|\bdefinitive\w*\b")
_WEAK = re.compile(
    r"\bweak\w*\b|\bconditional\w*\b|\bclass (?:ii|2)[ab]?\b|\bgrade (?:b|c|d|e|2[a-c]?)\b|\bi{1,3}, ?[b-e]\b|\b(?:may|might|can|could) be\b|\blimited\b|\bmoderate recommendation\b|\blow[- ]certainty\b|\binconclusive\b"
    r"|\bonly (?:a )?suggest\w*|\boptional(?:ly)?\b|\bsuggest(?:s|ed)?\b"
)
_GRADES = (
    ("level of evidence", re.compile(r"\blevel(?: of evidence)?:? ([iv]{1,3}|[1-5][ab]?|[abc])\b")),
    ("class of recommendation", re.compile(r"\bclass(?: of recommendation)? (i{1,3}[ab]?|[123][ab]?)\b")),
    ("grade of recommendation", re.compile(r"\bgrade(?: of recommendation)? ([a-e]|[12][a-c]?)\b")),
    ("strength of recommendation", re.compile(r"\b(moderate|limited) (?:\w+ )?recommendation")),
    ("certainty", re.compile(r"\bcertainty (?:[\w ]{0,40}?)(?:was|is) (very low|low|moderate|high)\b")),
    ("certainty", re.compile(r"\b(very low|low|moderate|high)(?:[- ](?:certainty|quality)| certainty)")),
)  # fmt: skip
_PAIR = re.compile(r"\b(i{1,3}|iv|v), ?([a-e])\b")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a statement that says one thing, and what is read from it."""

    text: str  # folded
    effects: frozenset[str]  # UP, DOWN, BETTER, WORSE, NULL, VARIES
    advice: str  # "for", "against" or ""
    frequency: str  # "rare", "common" or ""
    denied: bool  # something in it is negated
    figures: tuple[Figure, ...]


@lru_cache(maxsize=20_000)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a statement; one without words of its own stays with the one before it."""
    folded = fold(re.sub(r"\n", " \n ", text)) if "\n" not in text else "\n".join(fold(line) for line in text.split("\n"))
    parts: list[str] = []
    folded = _BRACKET.sub(lambda match: match.group().replace(";", ","), _bounds(folded))
    for part in _CLAUSES.split(folded):
        if not part or not part.strip(" .,"):
            continue
        if parts and (
            len([word for word in _WORDS.findall(part) if word not in _STATISTICS]) < 3
            or (_NO_DIFFERENCE.search(part) and not _CONTRAST.match(part))
        ):
            parts[-1] += f"; {part}"
        else:
            parts.append(part)
    return tuple(_clause(part) for part in parts)


def _bounds(text: str) -> str:
    """A text whose bounds are said without words that compare: "no more than 20" is "at most 20", "fewer than 300" is "under 300"."""
    text = _ALL_ALIKE.sub("consistently", text.replace("vs.", "vs"))
    return _EXCEEDS.sub("over ", _UNDER.sub("under ", _OVER.sub("over ", _BOUND.sub("at most ", text))))


def _clause(text: str) -> Clause:
    found = figures(text)
    return Clause(text, _effects(text, found), _advice(text), _frequency(text, found), bool(_DENIES.search(_OF_WHOM.sub(" ", text))), found)


def _effects(text: str, found: tuple[Figure, ...]) -> frozenset[str]:
    text = _FRACTION.sub(" it ", text)
    if _NO_DIFFERENCE.search(text):
        return frozenset({NULL})
    effects = set()
    rest = _NULLS.sub(" ", text)
    if rest != text:
        effects.add(NULL)
    for name, pattern in ((VARIES, _VARIES), (UP, _UPS), (DOWN, _DOWNS), (BETTER, _BETTERS), (WORSE, _WORSES)):
        if pattern.search(rest):
            effects.add(name)
    return frozenset(effects if effects - {NULL, BETTER, WORSE} else effects | _numeric(text, found))


def _numeric(text: str, found: tuple[Figure, ...]) -> set[str]:
    """What figures alone say: an interval over no effect, or a P value above 0.05, is no difference; a ratio or difference points its way."""
    effects = set()
    relative = bool(_RELATIVE.search(text))
    named = any(figure.kind == "ratio" for figure in found)
    for at, figure in enumerate(found):
        if figure.kind not in {"ratio", "bare"} or figure.unit in {"nnt", "nnh", "es"} or (named and figure.kind == "bare"):
            continue
        bounds = [bound.value for bound in found[at + 1 : at + 3] if bound.kind == "bound"]
        if len(bounds) < 2:
            continue
        neutral = 1.0 if figure.unit in RATIOS or (figure.kind == "bare" and relative) else 0.0
        low, high = sorted(bounds)
        pointing = UP if figure.value > neutral else DOWN
        if low <= neutral <= high:
            effects.add(NULL)
        elif neutral or pointing == DOWN:  # a difference above 0 may be printed of either arm
            effects.add(pointing)
    effects |= _shares(text, found) if not effects else set()
    if not effects:
        values = [figure for figure in found if figure.kind == "p"]
        if values and all(figure.value > 0.05 and figure.sign != "<=" for figure in values):
            effects.add(NULL)
    return effects


def is_cue(word: str) -> bool:
    """Whether a word says which way, how often or whether it is advised, not what is spoken of."""
    return any(pattern.fullmatch(word) for pattern in (_NULLS, _UPS, _DOWNS, _BETTERS, _WORSES, _FOR, _AGAINST, _RARE, _OFTEN))


def _shares(text: str, found: tuple[Figure, ...]) -> set[str]:
    """Which way two percentages point, the one next to the only control named being the control's; none where they are near each other."""
    shares = [figure for figure in found if figure.kind == "percent"]
    controls = list(_CONTROL.finditer(text))
    if len(shares) != 2 or len(controls) != 1:
        return set()
    place = controls[0].start()
    control, treated = sorted(shares, key=lambda figure: min(abs(place - figure.span.end), abs(place - figure.span.start)))
    if max(control.value, treated.value) < _APART * max(0.01, min(control.value, treated.value)):
        return set()
    return {UP if treated.value > control.value else DOWN}


def direction(ratio: Figure) -> str:
    """Where a ratio points: above 1 up, below 1 down."""
    return UP if ratio.value > 1 else DOWN if ratio.value < 1 else NULL


def _advice(text: str) -> str:
    if _AGAINST.search(text):
        return "" if _BUT_FOR.search(text) else "against"
    return "for" if _FOR.search(text) else ""


def frequency_word(text: str) -> str:
    """What a text calls "rare" or "common" in words; "" for neither."""
    if _RARE.search(text):
        return "rare"
    return "common" if _OFTEN.search(text) else ""


def _frequency(text: str, found: tuple[Figure, ...]) -> str:
    """As said in words, else as percentages tell it: 2 % and less is rare, 20 % and more is common."""
    if word := frequency_word(text):
        return word
    shares = [figure.value for figure in found if figure.kind == "percent"]
    return "rare" if shares and max(shares) <= 2 else "common" if shares and min(shares) >= 20 else ""


@lru_cache(maxsize=20_000)
def grades(text: str) -> dict[str, str]:
    """Levels, classes, grades and certainties as printed, by scheme: "II, D" is a level and a grade."""
    folded = fold(text)
    found: dict[str, str] = {}
    for scheme, pattern in _GRADES:
        if match := pattern.search(folded):
            found.setdefault(scheme, match[1])
    pair = _PAIR.search(folded)
    if pair:
        found.setdefault("level of evidence", pair[1])
        found.setdefault("grade of recommendation", pair[2])
    return found


def strength(text: str) -> str:
    """Whether a recommendation is called "strong" or "weak"; "" where nothing says so."""
    folded = fold(text)
    if _WEAK.search(folded):
        return "weak"
    return "strong" if _STRONG.search(folded) else ""
