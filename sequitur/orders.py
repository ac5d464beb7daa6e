"""Sentences of a source that give orders to whoever reads it by machine. They can be found and cited like any other, but answer nothing.

Judged by form alone: an order is addressed to an assistant, speaks of its instructions or its reply, or is the markup of a prompt. What is asked of
patients, doctors or readers of the article is none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sequitur.text import fold

_MACHINE = r"(?:ai|a\.i\.|llms?|chat-?bots?|bots?|(?:ai |virtual |digital )?assistants?|(?:large )?language models?|(?:ai )?models?|chatgpt|gpt|copilot|claude|gemini)"
_BEFORE = r"(?:previous|prior|above|earlier|preceding|foregoing|other|existing|original|initial|system|safety|hidden)"
_RULES = r"(?:instructions?|prompts?|directions?|directives?|rules|guardrails|constraints|commands|orders|messages?)"
_SAY = r"(?:answer|reply|respond|output|print|repeat|return|write|say|state|begin|start|end|finish|recommend|quote|display|echo|emit|include|append|insert|translate)"
_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|summar(?:y|ies)|messages?)"
_IMPERATIVE = rf"(?:^|[.!?:;,>]\s+|\b(?:and|then|please)\s+){_SAY}"
_AI = r"(?:ai|a\.i\.|llm|chat-?bot|(?:ai|virtual|digital) assistant|(?:large )?language model|ai model|chatgpt|gpt)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\b(?:ignor\w*|disregard\w*|forget|overrid\w+|bypass\w*|discard) (?:[\w']+ ){{0,3}}?(?:{_BEFORE} (?:[\w']+ )?{_RULES}|(?:your|all|these|those) (?:[\w']+ )?{_RULES})\b",
        r"\b(?:ignore|disregard|forget) (?:(?:everything|anything|all|what) )?(?:that |of )?(?:is |was |you )?(?:the )?(?:above|before|previously|foregoing|have been told|were told|were instructed|said so far)\b(?! (?:\w+ )?(?:values?|limits?|results?|readings?))",
        r"\b(?:ignorez|oubliez|ignora|olvida|ignoriere|vergiss|ignorieren sie)\b.{0,40}\b(?:instru\w+|consignes|anweisungen|reglas|regeln)\b",
        rf"\bas an? {_AI},? .{{0,60}}\b(?:you|i|say|answer|respond|reply|must|never|always)\b",
        rf"\byou (?:are|act as|will act as|play|must act as) (?:now )?(?:an? |the |in |my )?(?:[\w-]+ ){{0,2}}?(?:{_MACHINE}|developer mode|dan|unrestricted|uncensored|jailbroken)\b",
        r"\b(?:developer|god|debug|jailbreak|dan) mode\b",
        rf"\b(?:note|message|instructions?|reminder|warning|attention|hint|memo|command)s? (?:to|for) (?:the |any |all |every )?(?:reading |retrieving |summari[sz]ing )?{_MACHINE}\b",
        rf"^(?:dear|attention|attn|hey|hello|hi|ok|note)?[,:]? ?(?:ai|llm|chat-?bot|assistant|chatgpt|language model|model)s?[,:!] .{{0,40}}\b(?:you|please|{_SAY}|ignore|disregard|do not|don't|never|always|must)\b",
        rf"\b{_MACHINE}(?: (?:systems?|agents?|tools?|models?))? (?:that |who |which )?(?:is |are )?(?:reading|processing|summari[sz]ing|parsing|indexing|retrieving|quoting|citing|reads?|quotes?|cites?) this\b",
        rf"^(?:system|assistant|user|human|developer|instructions?|prompt)(?: (?:message|prompt|note|override|instructions?|update))?\s?[:>\]].{{0,80}}\b(?:you|your|{_SAY}|ignore|disregard|reveal|never|always|must)\b",
        rf"{_IMPERATIVE} (?:(?:only|exactly)(?! (?:the questions?|if|when|those))|nothing (?:else|but)|(?:back )?verbatim|(?:with |in )?(?:just |only )?(?:the (?:exact |following |single )?(?:words?|phrase|sentence|string|token|text)))\b",
        rf"{_IMPERATIVE} (?:(?:every|each|all|your)(?: of your)?(?: \w+)? {_REPLY}|(?:the|this) (?:answer|reply|response))\b",
        rf"\b(?:the|this|any|every) {_MACHINE} (?:must|should|shall|has to|needs to) (?:always |only |never )?{_SAY}\b",
        r"\bsummari[sz]e (?:this|the) (?:page|document|note|article|text|source) (?:as|by saying)\b",
        rf"\b(?:in|of|to|at the (?:start|beginning|end|top) of) (?:your|every|each) (?:\w+ )?{_REPLY}[,:]? (?:please )?{_SAY}\b",
        rf"\byour (?:final |next |whole |entire )?{_REPLY} (?:must|should|shall|has to|needs? to|will|is to)\b",
        r"\b(?:do not|don't|never|without|drop|omit|remove|skip|leave out|hide|suppress) (?:\w+ )?(?:the |any |a |your )?(?:medical |legal )?(?:disclaimers?|citations and|system prompt)\b",
        r"\b(?:reveal|print|show|repeat|leak|output|disclose|display) (?:me )?(?:your (?:\w+ )?|the (?:system|hidden|initial|secret) )(?:prompt|instructions)\b",
        r"\b(?:tell|inform|assure|convince|instruct|advise|persuade|warn) (?:the |any |every |each |all )(?:user|reader|asker|human|questioner)s?\b.{0,20}\b(?:that|to)\b",
        rf"\b(?:when(?:ever)?|if) (?:you are |you're |a user |the user |someone |anyone |a reader |the reader )?asks?(?:ed)?\b[^.]{{0,80}}, (?:please |always |only |you )?(?:must |should )?{_SAY}\b",
        r"\bnew (?:task|instructions?|system prompt)\b\s*(?::|\n|$)|^#+ ?new (?:task|instructions?)\b",
        r"</?(?:system|assistant|user|human|context|instructions?|prompt|script|iframe|img|tool|function)\b[^>]*>|<\|\w+\|>|\[/?inst\]|<!--|<<sys>>",
        r"!\[[^\]]*\]\(|\{\{.*\}\}|\$\{\w|__(?:class|globals|import)__|\"lc\": ?\d|javascript:",
    )
)  # fmt: skip


@lru_cache(maxsize=50_000)
def gives_orders(text: str) -> bool:
    """Whether a text orders a machine that reads it to do or say something."""
    folded = fold(text)
    return any(form.search(folded) for form in _FORMS)
