"""How text becomes terms for lexical search: American spelling, stems, hyphenated words both split and joined."""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

from sequitur.lexicon import general
from sequitur.text import fold, tokens

_STEMMER = Stemmer.Stemmer("english")
_COMPOUND = re.compile(r"\b([a-z]{2,})-([a-z]{2,})\b")

# Function words and the small talk of a question; medical words are never in here.
STOPWORDS = frozenset(
    "a about actually after again ah all also am an and another any anyone anything are as ask at away b back basically be because been before being best "
    "but by can cannot cant could curious d day did didnt do does doesnt doing done dont either else ever exactly example few find for from "
    "get gets getting give gives given giving go goes going gonna good got guess had has have having he hello help helps her here hey hi him his how however i if ill im in "
    "instead into is isnt it its itself ive just kind know known lets like ll look looking lot lots m made make makes many may maybe me mean means meant might mine more most much must my need "
    "needs no not now of off ok okay on once one only onto or other others our out over own per perhaps please possible put quick quickly quite re really right s said same say says see "
    "seem seems she should shouldnt show shows so some somebody someone something sort still such sure t take takes taking talk tell than thank thanks that thats the their them then there "
    "theres these they theyre thing things think this those though through to too try trying u under until up upon us use used using usually ve very via want wants was wasnt we "
    "med meds medicine medicines medication medications pt pts vs versus doc docs dr prof folks guy guys bit bunch stuff pls thx btw fyi tho cos cuz w re ie eg etc yr yrs wk wks mo mos hr hrs min mins "
    "between among far further found find finds finding itself none nothing everything let lets happen happens happened come comes came "
    "affect affects affected impact impacts involve involves involved apply applies applied "
    "tell told think thinks thought figure figures value values versus big please view views mess matter matters "
    "well were weve what whats when where wheres whether which while who whom whose why will with within without wont wonder wondering would wouldnt yeah yes yet you your youre".split()
)


@lru_cache(maxsize=50_000)
def stem(token: str) -> str:
    """The English stem of one lower-case token in American spelling."""
    return str(_STEMMER.stemWord(general().american(token)))


def stems(text: str) -> list[str]:
    """Stems of the words of a text, without stop words; `post-herpetic` gives post, herpet and postherpet."""
    found = [stem(token) for token in tokens(text) if token not in STOPWORDS]
    found.extend(stem(first + second) for first, second in _COMPOUND.findall(fold(text)))
    return found
