"""The figures of a statement with what they measure: doses, durations, percentages, ratios, intervals, P values, counts, years.

Unlike `sequitur.text.quantities`, which finds every number as printed, a figure knows its kind and its unit in one scale, so that
"5 weeks" and "35 days", "300 mg twice daily" and "600 mg/day" can be held against each other.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from sequitur.schema import Span

_NUMBER = r"[-−]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+)"
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_WORD_VALUES = {word: float(value) for value, word in enumerate(_WORDS.split())} | {
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "sixty": 60.0,
    "ninety": 90.0,
}
_DAYS = {
    "minute": 1 / 1440,
    "min": 1 / 1440,
    "hour": 1 / 24,
    "hr": 1 / 24,
    "h": 1 / 24,
    "day": 1,
    "week": 7,
    "wk": 7,
    "month": 30.4,
    "year": 365,
    "yr": 365,
}
_MASS = {
    "ng": 1e-6,
    "µg": 1e-3,
    "μg": 1e-3,
    "mcg": 1e-3,
    "ug": 1e-3,
    "microgram": 1e-3,
    "mg": 1.0,
    "milligram": 1.0,
    "g": 1000.0,
    "gram": 1000.0,
}
_OTHER = {
    "ml": "ml", "millilitre": "ml", "milliliter": "ml", "l": "ml", "litre": "ml", "liter": "ml", "iu": "unit", "unit": "unit", "international unit": "unit",
    "mmhg": "mmhg", "mm hg": "mmhg", "mmol": "mmol", "mol": "mol", "µmol": "µmol", "μmol": "µmol", "micromole": "µmol", "meq": "meq", "kcal": "kcal", "bpm": "bpm", "puff": "puff", "drop": "drop",
    "tablet": "tablet", "kg": "kg", "cm": "cm", "mm": "mm", "joule": "j", "hz": "hz", "mhz": "mhz", "point": "point",
}  # fmt: skip
_PEOPLE = r"patients?|participants?|people|persons?(?![ -](?:years|days|months))|adults|children|infants|women|men|subjects|volunteers|cases|deaths|survivors|individuals|residents|pregnancies|eyes|joints"
_STUDIES = r"trials?|studies|rcts?|records|cent(?:er|re)s|clinics|hospitals"
_UNIT = re.compile(
    r"\A[\s-]?(?:(?P<percent>%|per ?cent\b|percentage points?\b)"
    r"|(?P<mass>micrograms?|milligrams?|grams?|mcg|[µμ]g|ug|ng|mg|g)(?![\w])"
    r"|(?P<time>minutes?|mins?|hours?|hrs?|h|days?|weeks?|wks?|months?|years?|yrs?)(?![\w])"
    r"|(?P<other>international units?|IU|units?|millilit(?:re|er)s?|mL|lit(?:re|er)s?|L|mm ?Hg|mmol|[µμ]mol|micromoles?|mol|mEq|kcal|bpm|puffs?|drops?|tablets?|kg|cm|mm|MHz|Hz|joules?|points?)(?![\w])"
    rf"|(?P<count>(?:[a-z-]+ ){{0,2}}?(?:{_PEOPLE}|{_STUDIES})\b)"
    r"|(?P<fold>[- ]?fold\b|times (?:as|more|higher|lower|less|greater|the)\b))",
    re.IGNORECASE,
)
_PER = re.compile(
    r"\A\s?(?:/|per |a |an |each )\s?(?P<per>kg|kilograms?|24 ?h(?:ours)?|day|d|week|wk|month|h(?:our)?|min(?:ute)?|dose|dL|decilit(?:re|er)|L|lit(?:re|er)|mL|millilit(?:re|er)|m2|m²)\b(?: of body ?weight\b)?(?:\s?(?:/|per )\s?(?P<second>h(?:our)?|min(?:ute)?|day|d)\b)?",
    re.IGNORECASE,
)
_OF_WHAT = re.compile(
    r"\A\s+of (?:[\w-]+\s+){1,3}?(?=per (?:kg|kilogram|day|dose)\b)", re.IGNORECASE
)  # "20 mg of caffeine citrate per kilogram"
_PER_NAMES = {
    "d": "day",
    "24 h": "day",
    "24h": "day",
    "24 hours": "day",
    "hour": "h",
    "minute": "min",
    "wk": "week",
    "m²": "m2",
    "kilogram": "kg",
    "kilograms": "kg",
} | {
    name: short
    for ending in ("re", "er")
    for name, short in ((f"decilit{ending}", "dl"), (f"lit{ending}", "l"), (f"millilit{ending}", "ml"))
}
_OFTEN = re.compile(
    r"\A[^.;,()\d]{0,25}?\b(?:(?P<times>once|twice|two times|three times|\d times|thrice|four times|five times|six times)(?:[ -](?:daily|a day|per day|each day|weekly|a week|per week)|/(?:day|week))"
    r"|(?P<code>bid|b\.i\.d\.|tid|t\.i\.d\.|qid|q\.i\.d\.)"
    r"|every (?P<every>\d{1,2}|two|three|four|six|eight|twelve)(?:[ -](?:to|or)[ -]\d{1,2})? ?h(?:ours?)?"
    r"|(?P<daily>daily|nightly|every (?:day|night)|at night|at bedtime|each (?:day|night))|(?P<weekly>weekly|every week))\b",
    re.IGNORECASE,
)
_TIMES = {"once": 1, "twice": 2, "two times": 2, "three times": 3, "thrice": 3, "four times": 4, "five times": 5, "six times": 6}
_CODES = {"b": 2, "t": 3, "q": 4}
_LABEL = re.compile(
    r"\b(?P<label>a?RR|a?OR|a?HR|IRR|NNTB?|NNH|SMD|W?MD|(?:incidence )?rate ratio|(?:adjusted )?odds ratio|(?:adjusted )?hazard ratio|risk ratio|relative risk|"
    r"number needed to treat|number needed to harm|relative hazard|(?:standardi[sz]ed )?(?:adjusted )?mean difference|effect size|difference)"
    r"(?:s?,? ?(?:of [\w -]{1,60}? (?:was|is|were)|of|was|is|were|at|for [\w -]{1,40}?,?|in [\w -]{1,30}?,?)|\s?[:=,])?\s*$",
    re.IGNORECASE,
)
_LABELS = {
    "relative risk": "rr", "risk ratio": "rr", "odds ratio": "or", "hazard ratio": "hr", "relative hazard": "hr", "incidence rate ratio": "irr", "rate ratio": "irr",
    "number needed to treat": "nnt", "nntb": "nnt", "number needed to harm": "nnh", "mean difference": "md", "wmd": "md",
    "standardised mean difference": "smd", "standardized mean difference": "smd", "adjusted mean difference": "md", "difference": "md", "effect size": "es",
    "adjusted odds ratio": "or", "adjusted hazard ratio": "hr", "arr": "rr", "aor": "or", "ahr": "hr",
}  # fmt: skip
_INTERVAL = re.compile(
    rf"(?:\b(?:9[059]|99)\s?%\s?(?:CI|CrI|confidence intervals?)\b[\s:,(\[]*)(?P<low>{_NUMBER})\s?%?\s?(?:to|–|—|-|,|;|and)\s?(?P<high>{_NUMBER}|infinity)"
    rf"|\((?P<low2>{_NUMBER})\s?(?:to|–|—|-)\s?(?P<high2>{_NUMBER}|infinity)(?=[);,])",
    re.IGNORECASE,
)
_P_VALUE = re.compile(rf"\bp(?:[ -]?values?)?\s?(?P<sign>[=<>≤≥]|of|was|is)\s?(?P<value>{_NUMBER})", re.IGNORECASE)
_FIGURE = re.compile(rf"(?<![\w.]){_NUMBER}(?![\d])")
_WORD = re.compile(rf"\b(?:{'|'.join(_WORD_VALUES)}|(?<=for )an?|(?<=over )an?|(?<=within )an?|(?<=after )an?)\b", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:to|or|and|then|–|—|-|/)\s?$", re.IGNORECASE)
_SIGN = re.compile(
    r"(?P<least>≥|>|\bat least|\bmore than|\bover|\babove|\bgreater than|\bor more|\bor older|\bminimum(?: of)?|\bexceed(?:s|ing)?|\bolder than)\s*$"
    r"|(?P<most>≤|<|\bat most|\bno more than|\bup to|\bless than|\bbelow|\bunder|\bfewer than|\bmaximum(?: of)?|\bnot exceed(?:ing)?|\byounger than|\bwithin)\s*$",
    re.IGNORECASE,
)
_AGE_BEFORE = re.compile(r"\b(?:aged?|age of|older than|younger than|over|under|median age|mean age)\s*(?:≥|≤|>|<)?\s*$", re.IGNORECASE)
_AGE_AFTER = re.compile(r"\s?(?:years?|yrs?)(?:[ -](?:old|of age)| (?:and|or) (?:older|over|above|younger))", re.IGNORECASE)
_AND_A_HALF = re.compile(r" and a half\b", re.IGNORECASE)
_SAYS = re.compile(r"[A-Za-z≥≤<>=]")
_AT_TIME = re.compile(r"\b(?P<unit>hour|day|week|month)s?\s$", re.IGNORECASE)
_GRADE_BEFORE = re.compile(
    r"\b(?:grade|level|class|stage|phase|type|step|line|table|figure|version|factor|cox|vitamin|covid)[ -]?$", re.IGNORECASE
)
RATIOS = frozenset({"rr", "or", "hr", "irr"})  # 1 means no effect
_RISKS = RATIOS - {"or"}  # loosely called by each other's names
_A_DAY = re.compile(r"/ ?d(?:ay)?\b|\b(?:per|a) day\b", re.IGNORECASE)
_RHYTHM = re.compile(
    r"\b(?:(?:every|each) (?:(?P<count>\d{1,2}|two|three|four|six|eight|twelve) )?(?P<unit>week|month|year)s?|once (?:a|per|each|every) (?P<once>week|month|year)"
    r"|(?P<between>\d{1,2}|two|three|four|six|eight|twelve)[ -](?P<apart>week|month|year)(?:ly)?s?[ -](?:intervals?|apart)"
    r"|(?P<name>weekly|monthly|yearly|annually|once-yearly|once-monthly|once-weekly))\b(?! (?:migraine|headache|pain|days|visits|mean|average))",
    re.IGNORECASE,
)
_NAMED_RHYTHMS = {"week": 7.0, "mont": 30.4, "year": 365.0, "annu": 365.0}
_BEHIND = 160  # characters behind a number in which its unit, and how often it is given, are looked for
_COMMON = frozenset({0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 50.0, 95.0, 100.0})


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `value` is in the scale of its kind: days, mg, per cent; `daily` is what a dose comes to a day, where that is said."""

    kind: str  # "dose", "duration", "percent", "ratio", "bound", "p", "count", "age", "year", "measure", "fold", "rhythm", "bare"
    value: float
    unit: str  # "mg/kg", "day", "rr", "patient", …; "" where none is said
    sign: str  # ">=", "<=", or ""
    daily: float | None
    decimals: int
    text: str  # as printed, with its unit
    span: Span


def figures(text: str) -> tuple[Figure, ...]:
    """The figures of a text in order."""
    found: list[Figure] = []
    taken = bytearray(len(text))  # 1 where a character belongs to an interval, a P value or a rhythm
    for match in _INTERVAL.finditer(text):
        names = ("low", "high") if match["low"] else ("low2", "high2")
        _mark(taken, match)
        shown = text[match.start() : match.end()].lstrip("(").rstrip()
        found.extend(
            Figure("bound", _value(match[name]), "", "", None, _decimals(match[name]), shown, Span(*match.span(name))) for name in names
        )
    for match in _P_VALUE.finditer(text):
        _mark(taken, match)
        sign = {"<": "<=", "≤": "<=", ">": ">=", "≥": ">="}.get(match["sign"], "")
        found.append(
            Figure("p", _value(match["value"]), "", sign, None, _decimals(match["value"]), match.group(), Span(*match.span("value")))
        )
    for match in _RHYTHM.finditer(text):
        _mark(taken, match)
        found.append(Figure("rhythm", _rhythm(match), "day", "", None, 0, match.group(), Span(*match.span())))
    for match in [*_FIGURE.finditer(text), *_WORD.finditer(text)]:
        if not taken[match.start()]:
            figure = _plain(text, match)
            if figure:
                found.append(figure)
    found.sort(key=lambda figure: figure.span)
    return tuple(_ranged(text, found))


def _mark(taken: bytearray, match: re.Match[str]) -> None:
    taken[match.start() : match.end()] = b"\x01" * (match.end() - match.start())


def _rhythm(match: re.Match[str]) -> float:
    """How many days lie between one dose and the next."""
    if match["name"]:
        return _NAMED_RHYTHMS[match["name"].lower().removeprefix("once-")[:4]]
    count = (match["count"] or match["between"] or "1").lower()
    return (_WORD_VALUES.get(count) or float(count)) * _NAMED_RHYTHMS[(match["unit"] or match["once"] or match["apart"]).lower()[:4]]


def _plain(text: str, match: re.Match[str]) -> Figure | None:
    """A number outside intervals and P values, by what stands before and behind it."""
    written, before, after = match.group(), _before(text, match.start()), text[match.end() : match.end() + _BEHIND]
    is_word = written[0].isalpha()
    if written[0] in "-−" and before[-1:] and (before[-1].isalnum() or before[-1] in ")%"):
        written = written[1:]
    value = _WORD_VALUES.get(written.lower(), 1.0) if is_word else _value(written)
    sign_match = _SIGN.search(before)
    sign = "" if not sign_match else ">=" if sign_match["least"] else "<="
    unit = _UNIT.match(after)
    if is_word and (not unit or (written.lower() not in _WORD_VALUES and not unit["time"])):
        return None
    end = match.end() + (unit.end() if unit else 0)
    base = Figure("bare", value, "", sign, None, _decimals(written), text[match.start() : end], Span(match.start(), end))
    label = _LABEL.search(before)
    if label and label["label"] != "or" and not (unit and not unit["other"]):
        name = label["label"].lower()
        return replace(base, kind="ratio", unit=_LABELS.get(name, name), text=f"{label['label']} {written}")
    if (
        _AGE_AFTER.match(after)
        or (not unit and re.search(r"\baged? (?:from |over |under )?$", before, re.IGNORECASE))
        or (_AGE_BEFORE.search(before) and unit and (unit["time"] or "")[:1].lower() == "y")
    ):
        return replace(base, kind="age", unit="year")
    is_year = 1950 <= value <= 2035 and not base.decimals and "," not in written
    at_time = _AT_TIME.search(before)
    if at_time and not unit and not base.decimals:
        return replace(base, kind="duration", value=value * _DAYS[at_time["unit"].lower()], unit="day", text=f"{at_time['unit']} {written}")
    if unit and not (is_year and unit["count"]):
        return _with_unit(base, unit, text)
    return _without_unit(base, before, after, is_year=is_year)


def _before(text: str, at: int) -> str:
    """What stands before a number, as far as its meaning may depend on it; figures alone say nothing of each other."""
    before = text[max(0, at - 60) : at]
    return before if _SAYS.search(before) else before[-3:]


def _without_unit(base: Figure, before: str, after: str, *, is_year: bool) -> Figure | None:
    """A count ("n = 40", "29 of 93"), a year, or a bare number; the number of a grade, stage or table is none."""
    counted = re.search(r"\bn\s?=\s?$|\d\s+(?:of|out of)\s+(?:the )?$", before, re.IGNORECASE) or re.match(
        r"\s+(?:of|/|out of)\s+(?:the )?\d", after
    )
    if counted:
        return replace(base, kind="count", unit="patient")
    if is_year:
        return replace(base, kind="year")
    return None if _GRADE_BEFORE.search(before) else base


def _with_unit(base: Figure, unit: re.Match[str], text: str) -> Figure | None:
    if unit["percent"]:
        return replace(base, kind="percent", unit="%")
    if unit["time"] and re.search(r"\bevery $", text[max(0, base.span.start - 8) : base.span.start], re.IGNORECASE):
        return None  # how often, not how long
    half = _AND_A_HALF.match(text, base.span.end) if unit["time"] else None
    if half:
        base = replace(base, value=base.value + 0.5, text=text[base.span.start : half.end()], span=Span(base.span.start, half.end()))
    if unit["time"]:
        name = unit["time"].lower().rstrip("s") if unit["time"].lower() != "hrs" else "hr"
        return replace(base, kind="duration", value=base.value * _DAYS[name], unit="day")
    if unit["fold"]:
        return replace(base, kind="fold")
    if unit["count"]:
        is_study = re.search(rf"(?:{_STUDIES})$", unit["count"], re.IGNORECASE)
        return replace(base, kind="count", unit="study" if is_study else "patient")
    raw = (unit["mass"] or unit["other"]).lower()
    scale, name = (
        (_MASS.get(raw.rstrip("s")) or _MASS.get(raw), "mg") if unit["mass"] else (1.0, _OTHER.get(raw.rstrip("s"), _OTHER.get(raw, raw)))
    )
    scale = 1000.0 if raw in {"l", "litre", "litres", "liter", "liters"} else scale
    value = base.value * (scale or 1.0)
    dosed = _dosed(replace(base, value=value, unit=name), text)
    return replace(dosed, value=dosed.value * 10, unit=f"{dosed.unit.removesuffix('/dl')}/l") if dosed.unit.endswith("/dl") else dosed


def _dosed(figure: Figure, text: str) -> Figure:
    """With what it is given per, and how often."""
    after = text[figure.span.end : figure.span.end + _BEHIND]
    stuff = _OF_WHAT.match(after)
    after = after[stuff.end() :] if stuff else after
    per = _PER.match(after)
    unit, end, daily = figure.unit, figure.span.end, None
    if per:
        parts = [part.lower() for part in (per["per"], per["second"]) if part]
        names = [_PER_NAMES.get(part, part) for part in parts]
        end += per.end() + (stuff.end() if stuff else 0)
        if names == ["day"]:
            daily = figure.value
        else:
            if names[-1] == "day":
                daily, names = figure.value, names[:-1]
            unit = "/".join([unit, *names])
    often = _OFTEN.match(text[end : end + _BEHIND])
    if often and daily is None:
        daily = figure.value * _a_day(often)
    kind = (
        "dose"
        if figure.unit in {"mg", "unit", "ml", "mmol", "meq", "puff", "drop", "tablet"} and not unit.endswith(("/dl", "/l"))
        else "measure"
    )
    return replace(figure, kind=kind, unit=unit, daily=daily, text=text[figure.span.start : end], span=Span(figure.span.start, end))


def _a_day(often: re.Match[str]) -> float:
    weekly = bool(often["weekly"]) or "week" in often.group().lower()
    if often["every"]:
        hours = _WORD_VALUES.get(often["every"].lower()) or float(often["every"])
        return 24 / hours
    written = (often["times"] or "").lower()
    times = (
        (float(written[0]) if written[:1].isdigit() else _TIMES.get(written, 1))
        if written
        else _CODES.get((often["code"] or "x")[0].lower(), 1)
    )
    return times / 7 if weekly else float(times)


def _ranged(text: str, found: list[Figure]) -> list[Figure]:
    """The first number of a range ("10-25 mg/day", "30 or 60 mg") takes the unit of the second."""
    done = list(found)
    for at in range(len(done) - 2, -1, -1):
        first, second = done[at], done[at + 1]
        between = text[first.span.end : second.span.start]
        if first.kind == "bare" and second.kind not in {"bare", "bound", "p", "year", "ratio"} and _RANGE.fullmatch(between):
            scale = second.value / _value(re.match(_NUMBER, second.text)[0]) if re.match(_NUMBER, second.text) and second.value else 1.0  # type: ignore[index]
            daily = None if second.daily is None else first.value * scale * (second.daily / second.value if second.value else 1.0)
            shown = f"{first.text}{between}{second.text}"
            done[at] = replace(first, kind=second.kind, unit=second.unit, value=first.value * scale, daily=daily, text=shown)
    for at in range(1, len(done)):
        first, second = done[at - 1], done[at]
        if first.kind == "age" and second.kind == "bare" and _RANGE.fullmatch(text[first.span.end : second.span.start]):
            done[at] = replace(second, kind="age", unit="year")
    return done


def same_figure(said: Figure, there: Figure, *, exact: bool = False) -> bool:
    """Whether a source's figure is the one that is said: same kind, same value in one scale; the sayer may have rounded.

    Three months may be 12 weeks, unless it is to be `exact`.
    """
    if {said.kind, there.kind} == {"fold", "ratio"} and there.unit in RATIOS:
        return round(there.value) == said.value
    if not _comparable(said, there):
        return False
    if said.daily is not None and there.daily is not None:
        a_day = _A_DAY.search(said.text) or _A_DAY.search(there.text)
        return math.isclose(said.daily, there.daily, rel_tol=0.01) and bool(a_day or math.isclose(said.value, there.value))
    if {said.kind, there.kind} == {"age", "duration"}:
        years = [figure.value if figure.kind == "age" else figure.value / _DAYS["year"] for figure in (said, there)]
        return math.isclose(*years, rel_tol=0.01)  # 24 months are two years
    if said.kind in {"duration", "rhythm"}:
        converted = not exact and _in_months(said) != _in_months(there)
        return math.isclose(said.value, there.value, rel_tol=0.09 if converted else 0.035)
    rounded = said.kind in {"percent", "ratio", "bare", "measure"} and said.decimals < there.decimals
    nearly = rounded and math.isclose(round(abs(there.value) + 1e-9, said.decimals), abs(said.value))
    return nearly or math.isclose(abs(said.value), abs(there.value), rel_tol=1e-6)


def _in_months(figure: Figure) -> bool:
    return "month" in figure.text.lower()


def _comparable(said: Figure, there: Figure) -> bool:
    """Whether two figures can be one: of one kind, or one of them bare; of one unit, where both have one."""
    kinds = {said.kind, there.kind}
    if len(kinds) > 1 and not ("bare" in kinds or kinds <= {"bound", "ratio"} or kinds <= {"age", "duration"}):
        return False
    if kinds == {"ratio"} and said.unit != there.unit and not {said.unit, there.unit} <= _RISKS:
        return not {said.unit, there.unit} <= RATIOS | {"nnt", "nnh"}
    return not (said.kind in {"dose", "measure"} and said.unit != there.unit and there.kind != "bare")


def telling(figure: Figure) -> bool:
    """Whether a figure is rare enough to tell one publication from others: decimals, large counts, doses; no years, no round numbers."""
    if figure.kind in {"year", "age", "fold", "rhythm"}:
        return False
    return (
        bool(figure.decimals)
        or (abs(figure.value) not in _COMMON and figure.kind in {"percent", "dose", "count", "ratio", "measure"})
        or (figure.kind == "duration" and abs(figure.value) > 7 and figure.value % 365 > 1)
    )


def _value(written: str) -> float:
    plain = written.replace("−", "-").replace(",", "").lower()
    return math.inf if plain == "infinity" else float(plain)


def _decimals(written: str) -> int:
    return len(written.partition(".")[2]) if "." in written else 0
