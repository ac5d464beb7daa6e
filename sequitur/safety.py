"""The gate before retrieval: emergencies and decisions about one person. Code, not prompt; no model, no index.

Order of precedence: an emergency comes before everything, a personal dose or decision before the literature. A question *about* emergencies in
studies or guidelines is none; neither is a symptom that is denied or quoted from a paper.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sequitur.text import fold


class Gate(StrEnum):
    """What the gate says of a message."""

    NONE = "none"
    EMERGENCY = "emergency"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom to call, as configured; the defaults name no country."""

    emergency: str = "your local emergency number"
    crisis: str = "your local crisis line"
    poison: str = "your poison centre"


_PERSON = (
    r"\b(?:i|im|ive|ill|id|me|my|myself|mine|we|our|he|hes|him|his|she|shes|her|they|theyre|them|mum|mom|mother|dad|father|wife|husband|partner|son|daughter|kid|child|baby|"
    r"brother|sister|friend|mate|buddy|girlfriend|boyfriend|grandma|grandpa|nan|neighbou?r|roommate|patient|pt|someone|somebody|resident)\b"
)
_STUDYING = re.compile(
    r"\b(?:trials?|stud(?:y|ies)|rcts?|review|meta-?anal\w*|guidelines?|article|paper|papers|evidence|literature|reported|reports?|excluded?|exclusion|incidence|"
    r"rates?|how often|how common|how many|does it cause|do(?:es)? (?:it|they|ketamine|this) (?:help|cause|work|treat|increase|reduce|lead)|can (?:it|ketamine|they) (?:cause|lead|help|trigger)|"
    r"risk of|mechanism|mention(?:s|ed)?|recommend\w*|criteria|protocol|versus|vs|ideation|did (?:any|anyone|anybody|they))\b"
)
_NOW = re.compile(
    r"\b(?:now|right now|just|help|what (?:do|should) (?:i|we) do|since (?:my|the|this|last|yesterday)|this morning|tonight|today|wont|wont wake|cant wake|is having|having a|is not|isnt|stopped|hurry|asap|"
    r"urgent|emergency|please)\b"
)

# Each pattern is a danger in itself once a person is meant; `_ALWAYS` need no person.
_ALWAYS = tuple(
    re.compile(pattern)
    for pattern in (
        (
            r"\b(?:kill(?:ing)? (?:myself|himself|herself|themsel\w+)|end (?:it all|my life|it|things)\b|want(?:s|ed)? to die|wan+a die|better off dead|suicidal(?! (?:ideation|thoughts in|patients))|feel(?:ing)? suicidal|"
            r"take my (?:own )?life|don'?t want to (?:live|be here|wake up)|no (?:reason|point) (?:to|in) liv(?:e|ing)|cut(?:ting)? my (?:wrists?|self)|hurt(?:ing)? myself|harm(?:ing)? myself)\b"
        ),
        r"\b(?:overdosed|od'?d|od'?ed|od'?ing|over dosed)\b|\b(?:took|taken|taking|had) (?:an? )?(?:\w+ )?(?:overdose|od)\b",
        r"\b(?:not|isn'?t|stopped|barely|hardly|cant|cannot|struggling to|trouble|difficulty|hard to|fighting to|gasping)\b[\w\s']{0,12}\bbreath(?:e|ing)?\b",
        r"\b(?:wont|won'?t|cant|can'?t|cannot|doesnt|not|unable to)\b[\w\s']{0,14}\b(?:wake|waking|rouse|rousing)\b",
        r"\b(?:unresponsive|unconscious|collapsed|passed out|blacked out|turn(?:ed|ing) blue|gone blue|lips (?:are )?blue|blue lips|no pulse|cardiac arrest now)\b",
        r"\b(?:throat|tongue|face|lips)\b[\w\s]{0,20}\b(?:swell\w*|swollen|closing|tight\w*)\b|\b(?:swell\w*|swollen)\b[\w\s]{0,14}\b(?:throat|tongue|face|lips)\b|\banaphyla\w+",
        r"\bapno?ea?ic\b|\bapno?ea now\b|\b(?:hives|rash)\b[\w\s,]{0,30}\bwheez\w+|\bwheez\w+[\w\s,]{0,30}\bhives\b",
        r"\b(?:bp|blood pressure)\b[\w\s/:]{0,14}\b(?:1[89]\d|2\d\d)\b",
        r"\b(?:sats?|spo2|oxygen)\b[\w\s:]{0,10}\b[4-8]\d\b",
    )
)
_WITH_PERSON = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:chest (?:pain|pains|pressure|tight\w*)|crushing (?:chest|pain)|pain in (?:my|his|her) chest)\b",
        r"\b(?:seizure|seizing|fitting|having a fit|had a fit|convuls\w+|foaming)\b",
        (
            r"\b(?:took|taken|swallow(?:ed)?|ate|had|has taken|drank|injected|snorted|gave (?:him|her|myself))\b[\w\s]{0,24}\b(?:too (?:much|many)|a (?:load|lot|handful|bunch|whole|bottle)|loads|all (?:my|his|her|the|of)|the whole|whole (?:bottle|pack|box)|on purpose|"
            r"double dose|twice (?:the|my)|\d{2,} of (?:my|his|her|the|those|these|them)\b|\d{2,} (?:\w+ )?(?:pills?|tablets?|tabs|capsules?|gabapentin|pregabalin|duloxetine|amitriptyline|tramadol|paracetamol|\w+in|\w+ine|\w+ol)\b)"
        ),
        r"\b(?:took|taken|had|swallowed|gave|given)\b[\w\s,]{0,40}\b(?:by mistake|by accident|accidentally|wrong dose)\b",
        r"\b(?:did|done|doing|used|took) too much\b|\btoo much (?:k|ket|ketamine|keta)\b|\bk-?hol(?:e|ing)\b",
        r"\b(?:child|kid|baby|toddler|son|daughter|dog)\b[\w\s]{0,20}\b(?:swallowed|ate|drank|got into|took|licked)\b",
        r"\b(?:face|mouth) (?:is )?droop\w*|slurr\w+ (?:speech|words)|can'?t (?:speak|talk|move (?:one|my|his|her))|sudden (?:weakness|numbness)|one side (?:of|is)|(?:having|had) a stroke|stroke (?:now|symptoms)",
        r"\b(?:numb|numbness)\b[\w\s]{0,20}\b(?:groin|saddle|genitals|between (?:my|the) legs)\b|\b(?:wet (?:myself|himself|herself)|lost control of (?:my|his|her) (?:bladder|bowels?)|can'?t (?:pee|move (?:my|his|her) legs?))\b",
        r"\b(?:heart (?:racing|pounding|rate|beat\w*)|pulse|hr|palpitations)\b[\w\s]{0,20}\b(?:1[4-9]\d|2\d\d|pass(?:ed|ing) out|faint\w*|collaps\w*)\b",
        r"\b(?:cant|can'?t|not) (?:stay awake|staying awake)|\bbreathing (?:is )?(?:slow|shallow|funny|weird|badly)|slow breathing|so drowsy|very drowsy and",
        r"\b(?:violent|trying to jump|paranoid|psychotic|doesn'?t know (?:who|where) (?:he|she|they)|out of control)\b",
        r"\b(?:rigid|clonus|muscles? twitching)\b[\w\s,]{0,30}\b(?:fever|sweating|agitated)\b",
    )
)
_DENIED = re.compile(
    r"\bnot (?:feeling )?suicidal\b|\b(?:no|not any|without|denies|denied|never had|not having|dont have|don'?t have|doesnt have|negative for)\s+(?:any\s+)?(?:chest|seizures?|fits?|suicidal|trouble|difficulty|overdose|swelling|breathing|history)\b[\w\s]{0,20}"
)
_HYPOTHETICAL = re.compile(
    r"\b(?:what if|if (?:i|someone|a patient|he|she)|would it|could it|risk|in case|worried (?:about|that)|should i worry)\b"
)

# What befell somebody long ago: only the event itself is passed over, never what else the message says.
_LONG_AGO = re.compile(
    r"\b(?:strokes?|tia|seizures?|fits?|convulsions?|anaphyla\w+|heart attack)\b[\w\s]{0,24}?\b(?:years? ago|months? ago|long ago|in (?:19|20)\d\d|as a (?:baby|child|kid|teen\w*)|when (?:i|he|she) was)\b"
)

_MY_CASE = re.compile(
    r"\b(?:i|im|i'm|ive|i've|me|my|mine|we|our)\b|\bfor (?:him|her|them)\b|\b(?:my|the) (?:mum|mom|mother|dad|father|wife|husband|son|daughter|partner|child|friend|patient)\b|\bshould (?:he|she)\b"
)
_DECIDE = re.compile(
    r"\b(?:should|can|could|may|shall|would|must|ought)\s+(?:i|he|she|they|my \w+)\s+(?:\w+\s+){0,3}?(?:take|swap|taking|stop|start|try|have|get|use|go|come off|double|halve|"
    r"increase|raise|reduce|lower|quit|skip|mix|combine|wean|drive|drink|buy|switch|change|ask for|be (?:on|taking|given|having))\b|\bis it (?:ok|okay|safe|fine|alright|bad|dangerous)\b[\w\s]{0,30}\b(?:me|i|my|if i|to)\b|"
    r"\bhow (?:much|many)\b[\w\s]{0,30}\b(?:i|me|my|we)\b|\bfor me\b|\b(?:what|which) (?:dose|amount)\b[\w\s]{0,20}\b(?:i|me|my|for (?:my|a))\b|\bwhat (?:should|can) i (?:take|stop)\b|\bhow many mg do i|"
    r"\bam i\b|\btell me (?:how much|what to take|the dose)|\bneed to (?:stop|take|start)|\b(?:double|increase|raise|lower|stop|come off|quit|skip|mix|combine|wean)\b[\w\s]{0,12}\b(?:my|the|it)\b(?! (?:pain|nerves?|nerve damage|damage|burning|tingling|spread|progress\w*)\b)"
)
_WEIGHT = re.compile(
    r"\b(?:i|im|i'm|me|he|she|they|weigh(?:s|ing)?|weight|patient|pt|mum|mom|mother|dad|father|wife|husband|son|daughter|female|male|man|woman|yo|year old)\b[\w\s,'.]{0,24}?\b(\d{2,3})\s*(?:kg|kgs|kilos?|kilograms?|lbs?|pounds|stone)\b(?!\s*/)"
    r"|\b(?:at|for(?: an?)?|of)\s+(\d{2,3})\s*(?:kg|kgs|kilos?|lbs?|pounds|stone)\b"
)
_AMOUNT = re.compile(r"\b(?:dos\w*|how (?:much|many)|mg|amount|give|infusion|bolus|drip|take)\b")
_OWN_THERAPY = re.compile(
    r"\b(?:my|i (?:take|am on|was given|have been|got))\b[\w\s]{0,40}\b(?:dose|tablets?|pills?|medication|meds|mg|prescri\w+|duloxetine|cymbalta|lyrica|pregabalin|gabapentin|neurontin|amitriptyline|tramadol|effexor|venlafaxine|ketamine)\b"
)
_CLINICAL_WE = re.compile(
    r"\b(?:what|which|when|where|how) (?:drug |agent )?(?:should|do|can|would) (?:i|we) (?:try|start|use|give|switch|start with|go)\b|\b(?:our|my) (?:patients|clinic|unit|practice|hospital|department|service)\b|\bi (?:am|'m) (?:writing|reading|preparing)|\bcan (?:i|we) (?:say|cite|conclude|assume|call|trust)|\b(?:pick|select|choose|identify|predict)\b[\w\s-]{0,20}\b(?:responders?|patients|candidates)\b|\bshould (?:i|we) (?:trust|believe|monitor|check|counsel|expect|measure|worry)\b"
)


_FIRST_PERSON = re.compile(r"\b(?:i|i'?ve|i'?m|my|me|we|our)\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def asserted(message: str) -> str:
    """A message without what it quotes, the symptoms it denies and what happened long ago."""
    return _LONG_AGO.sub(" ", _DENIED.sub(" ", _unquoted(message)))


def gate(message: str) -> Gate:
    """What the rules say of a message; `sequitur.triage` adds to it what no rule foresaw."""
    text = re.sub(r"[‘’']", "'", fold(message))
    plain = text.replace("'", "")
    if _is_emergency(asserted(text), asserted(plain)):
        return Gate.EMERGENCY
    if _is_personal(plain):
        return Gate.PERSONAL
    return Gate.NONE


def about_someone(message: str) -> bool:
    """Whether a message speaks of a person at all, by pronoun, kinship, age or weight: "start dose per guidelines" does not."""
    plain = re.sub(r"[‘’']", "", fold(message))
    return bool(
        re.search(_PERSON, plain)
        or re.search(r"\b\d{1,3} ?(?:yo|yrs?|years? old|year old|kg|kilos?|stone|lbs?)\b|\b(?:man|woman|boy|girl|male|female)\b", plain)
    )


def weights(message: str) -> tuple[int, ...]:
    """Body weights that a message states, as plain numbers."""
    return tuple(int(first or second) for first, second in _WEIGHT.findall(fold(message)))


def first_aid(message: str, numbers: Numbers) -> str:
    """What to do now, for an emergency: first the call, then the one or two things that cannot harm. No dose, no technique."""
    text = fold(message)
    lines = [f"**This may be an emergency. Call {numbers.emergency} now**, or have someone near you call, and stay with the person."]
    if re.search(
        r"kill|suicid|end (?:it|my|things)|die\b|better off dead|my life|hurt(?:ing)? myself|harm(?:ing)? myself|reason to live|cutting|want to (?:live|be here)",
        text,
    ):
        lines = [
            (
                f"**If there is any danger that you or someone else may act on this now, call {numbers.emergency} now.** "
                f"Talk to someone at once: {numbers.crisis}, or a person you trust who can stay with you."
            ),
            "Move medicines and anything that could be used for harm out of reach. Pain that feels unbearable can be treated: say so to the people you call.",
        ]
    elif re.search(r"took|taken|swallow|overdos|\bod|too (?:much|many)|k-?hol|snort|inject|pills|tablets|on purpose", text):
        lines.append(
            f"{numbers.poison[:1].upper()}{numbers.poison[1:]} can advise while help is on the way: tell them what was taken, how much and when."
        )
        lines.append("Do not make the person vomit. If they are drowsy but breathing, lay them on their side.")
    elif re.search(r"breath|wake|unconscious|unresponsive|collapsed|passed out|blue|sats|spo2", text):
        lines.append(
            "If an infusion is running and you are trained to, stop it. If the person breathes, lay them on their side; follow what the emergency operator says."
        )
    return "\n\n".join(lines)


def concern(numbers: Numbers) -> str:
    """The line before an answer to a message that may hide an emergency."""
    return f"*If this is happening to someone now and they are getting worse, call {numbers.emergency} first.*"


PERSONAL_NOTE = (
    "**A dose or a treatment decision for one person can't come from here**: it depends on the whole history, other medicines and monitoring, "
    "and belongs with the treating clinician. Do not start, stop or change a medicine on the strength of this page."
)


def _unquoted(text: str) -> str:
    return re.sub(r"\"[^\"]{0,300}\"", " ", text)


def _is_emergency(text: str, plain: str) -> bool:
    """As a whole, or in any sentence of the writer's own life: that another one speaks of the article excuses nothing."""
    own = [part for part in _SENTENCE_END.split(text) if _FIRST_PERSON.search(part)]
    return any(_endangers(part, bare) for part, bare in [(text, plain), *((part, part.replace("'", "")) for part in own)])


def _endangers(text: str, plain: str) -> bool:
    about_studies = bool(_STUDYING.search(plain)) and not _NOW.search(plain)
    danger = any(pattern.search(text) or pattern.search(plain) for pattern in _ALWAYS)
    if danger and not about_studies and not _hypothetical(plain):
        return True
    if not re.search(_PERSON, plain) and not _NOW.search(plain):
        return False
    if about_studies or _hypothetical(plain):
        return False
    return any(pattern.search(text) or pattern.search(plain) for pattern in _WITH_PERSON)


def _hypothetical(plain: str) -> bool:
    return bool(_HYPOTHETICAL.search(plain)) and not _NOW.search(plain) and not re.search(r"\bi (?:want|took|have|feel|cant|am)\b", plain)


def _is_personal(plain: str) -> bool:
    if weights(plain) and (_AMOUNT.search(plain) or re.search(r"\b(?:me|i|my|him|her)\b", plain)):
        return True
    if _CLINICAL_WE.search(plain):
        return False
    return bool(_MY_CASE.search(plain)) and bool(_DECIDE.search(plain)) and bool(_about_treatment(plain))


def _about_treatment(plain: str) -> bool:
    return bool(
        _OWN_THERAPY.search(plain)
        or re.search(
            r"\b(?:dose|take|taking|stop|start|double|try|drive|mix|combine|come off|quit|increase|infusion|drip|drink|have the|have (?:ketamine|it)|buy|get (?:ketamine|it)|switch|swap|use|mg|ketamine|cymbalta|lyrica|gabapentin|pregabalin|duloxetine)\b",
            plain,
        )
    )
