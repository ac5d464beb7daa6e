"""What kind of answer a question wants, from its wording alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.text import tokens

# Most specific first; a question may want several.
_WANTS: tuple[tuple[str, str], ...] = (
    ("dose", r"\bdos(?:e|es|ing|age)\b|how much(?: \w+)? (?:should|do|to|is|are|was|were|ket)|\bmg\b|\bregimen|titrat|start(?:ing)? (?:at|dose|with)|\btarget\b|\bmax(?:imum|imal)?\b|how (?:is|was|do you) (?:it )?(?:given|give|run)|\brate of infusion"),
    ("duration", r"how long|\blast(?:s|ed|ing)?\b|\bduration|how many (?:days|weeks|months|hours)|wears? off|short[ -]term|long[ -]term|\bfollow[ -]?up\b|when (?:does|did|do|will)"),
    ("size", r"how many (?:trials|studies|were|was)|how many (?:people|patients|participants|subjects|pts|adults|survivors)\b(?! (?:ha[ds]|have|got|get|gets|felt|feel|saw|see|reported?|experienced?|respond(?:ed)?|improved?|benefit(?:ed|ted)?|stopped|quit|dropped|withdrew|left|died|did|do|actually)\b)|sample size|\bn ?=|\bn\b[ ?]*$|how (?:big|large|small)|\bnumbers?\b"),
    ("number", r"\bnnts?\b|\bnnh\b|number needed|\brr\b|\bor\b ?\d|risk ratio|relative risk|confidence interval|\bci\b|p[ -]?values?|percent|%|how (?:often|common|frequent|likely|bad|strong|big|much)|how many (?:people|patients|participants|subjects|pts|adults|survivors|of them) (?:ha[ds]|have|got|get|gets|felt|feel|saw|see|reported?|experienced?|respond(?:ed)?|improved?|benefit(?:ed|ted)?|stopped|quit|dropped|withdrew|left|died|did|do|actually)\b|proportion|\bfraction|\brates?\b|incidence|\bodds\b|figures?|effect size|mean difference|chance|\bscores?\b|by how much|statistic"),
    ("contraindication", r"contra ?indicat|who (?:should|shouldnt|should not|must|cant|cannot)|not (?:be )?(?:get|given|suitable|eligible)|avoid|safe (?:in|with|for)|\bcandidates?\b|exclu"),
    ("monitoring", r"monitor|\bcheck(?:s|ing)?\b|\becg\b|\blfts?\b|liver tests?|\btests?\b|\bbloods\b|watch for|work ?up|baseline"),
    ("harm", r"side[ -]?effects?|adverse|\bharms?\b|\brisks?\b|\bsafe(?:ty)?\b|\btoxic|dangerous|tolera|complication|\bses?\b|\baes?\b|hallucinat|psychedelic|addict|abuse|\bliver\b|bladder|trip(?:ping)?\b|nausea|blood pressure|heart (?:rate|racing)|hurt me|bad for"),
    ("recommendation", r"recommend|guideline|first[ -]line|second[ -]line|third[ -]line|last resort|should (?:i|we|you|it|they|patients|ketamine|one)|indicat|place in|role of|when (?:to|should|can|do)|\bgrade\b|\blevel\b|what (?:do|does) \w+ (?:say|recommend)|\btry (?:first|before)|option"),
    ("comparison", r"\bvs\b|versus|compar|better than|worse than|differ|\bor\b|instead of|head to head|against|more (?:effective|than)"),
    ("mechanism", r"mechanis|how (?:does|do|would) (?:\w+ ){0,3}work|\bnmda\b|wind[ -]?up|sensiti[sz]ation|receptor|why (?:does|would|do|might)"),
    ("study", r"which (?:stud|trial|paper)|\btrials?\b|\bstud(?:y|ies)\b|\bpapers?\b|\bevidence\b|\bmeta|\breview|cochrane|published|authors?|\brct\b|who (?:did|ran|wrote)|\bsource|reference|citation|cited"),
    ("benefit", r"\bworks?\b|\bhelps?\b|effective|efficac|benefit|relie(?:f|ve)|better|improve|any (?:good|use)|worth|do anything|results?\b|found|show(?:ed|s)?\b|outcome|reduc|conclu"),
    ("limits", r"limit|weakness|bias|flaw|reliable|trust|quality|certainty|blind|criticism|caveat|how (?:good|solid|strong)|generali[sz]"),
    ("why", r"^(?:but |and |so )?why\b|how come|\breason|because"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _WANTS)

ACKNOWLEDGEMENT = re.compile(
    r"^(?:(?:ok(?:ay)?|thanks?|thank you|thx|ty|cheers|great|perfect|got it|understood|cool|nice|good|fine|alright|brilliant|awesome|bye|"
    r"very helpful|helpful|much appreciated|appreciate it|that helps|good to know|noted|see you|goodbye|bye|bye then|then|now|makes sense|so much|very much|a lot|doc|doctor|for (?:that|this|the help|your help))[\s,.!]*)+$"
)

# Words of the patterns above that name one thing of a kind: a section on risks is no answer to a question on hallucinations.
SPECIFIC = re.compile(
    r"hallucinat|psychedelic|addict|abuse|\bliver\b|bladder|\btrip|nausea|blood pressure|\bheart\b|\becg\b|\blfts?\b|\bnnts?\b|\bnnh\b|\bp[ -]?values?\b"
)

# Sections where such an answer usually stands, in articles and abstracts of any field.
SECTIONS: dict[str, re.Pattern[str]] = {
    "harm": re.compile(r"safety|risk|side effect|adverse|harm|toxicity|tolerab|precaution|warning", re.I),
    "dose": re.compile(r"dos(?:e|ing|age)|administration|regimen|design|method|intervention", re.I),
    "size": re.compile(r"population|design|method|participants|subjects|patients", re.I),
    "monitoring": re.compile(r"safety|monitor|administration|precaution", re.I),
    "contraindication": re.compile(r"safety|contraindication|precaution|warning", re.I),
    "limits": re.compile(r"limit|what it means|discussion", re.I),
    "benefit": re.compile(r"finding|result|efficacy|benefit|role|conclusion|outcome", re.I),
    "number": re.compile(r"finding|result|safety|risk|outcome", re.I),
    "recommendation": re.compile(r"recommend|treatment|approach|first-line|finding|conclusion|role", re.I),
    "duration": re.compile(r"finding|result|design|method|outcome", re.I),
}


_AMOUNT = re.compile(r"\b\d[\d.,]*(?:\s?(?:-|–|to)\s?\d[\d.,]*)?\s?(?:mg|mcg|µg|g|ml|units?)\b(?:/\w+){0,3}")


def wants(question: str, clinical: Sequence[str] = ()) -> tuple[str, ...]:
    """Answer types that the wording asks for; `clinical` are the field's words for what was typed. An amount that is stated is not asked for."""
    text = _AMOUNT.sub(" ", " ".join([question.lower(), *clinical]))
    return tuple(name for name, pattern in _COMPILED if pattern.search(text))


# The field's own words for what is asked, where the question says it in others ("what do they check", "did it make them poorly").
TERMS: dict[str, str] = {
    "dose": "dose mg/kg infusion daily",
    "duration": "lasted weeks months afterwards no longer",
    "size": "patients participants enrolled randomised included",
    "number": "95% CI risk ratio mean difference percent",
    "contraindication": "contraindications contraindicated avoid caution excluded",
    "monitoring": "monitoring tests baseline before and after",
    "harm": "adverse events side effects toxicity safety",
    "recommendation": "recommended first-line second-line grade",
    "comparison": "compared with versus difference between",
    "mechanism": "mechanism receptor block central sensitisation",
    "study": "trial study review published",
    "benefit": "pain relief reduction improvement no difference from placebo",
    "limits": "limitations small bias certainty low quality",
    "why": "because lack of evidence uncertain",
}


def asking(question: str) -> frozenset[str]:
    """The words of a question that say what kind of answer is wanted, as typed, in lower case."""
    text = question.lower()
    return frozenset(word for _, pattern in _COMPILED for found in pattern.finditer(text) for word in tokens(found[0]))
