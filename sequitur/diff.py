"""What has become of saved answers: the same questions asked of the corpus as it is now, or two exports side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sequitur.chat import Chat, corpus_digest
from sequitur.errors import QuestionError
from sequitur.render import answer_from_record
from sequitur.schema import Answer, CheckedClaim, Turn


@dataclass(frozen=True, slots=True)
class Saved:
    """Answers with the state of the corpus that they were given from, as far as it is known."""

    answers: tuple[Answer, ...]
    documents: Mapping[str, str]  # sha256 by document id
    whole: bool  # whether `documents` is the whole corpus and not only what is quoted

    @property
    def article(self) -> str:
        """Slug of the article asked about; "" where that was not kept."""
        return self.answers[-1].provenance.article


@dataclass(frozen=True, slots=True)
class Said:
    """A claim and the documents it cites."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose answer is no longer the same."""

    number: int  # in the conversation, from 1
    question: str
    outcome: tuple[str, str]  # then, now
    gone: tuple[Said, ...]
    appeared: tuple[Said, ...]
    because: tuple[str, ...]


def read_export(file: Path) -> Saved:
    """The answers of a file that `sequitur export --json` wrote.

    Raises:
        QuestionError: it is none, or of another version.
    """
    try:
        whole = json.loads(file.read_text(encoding="utf-8"))
        answers = tuple(answer_from_record(answer) for answer in whole["answers"])
        documents = dict(whole["corpus"]["documents"]) if whole["corpus"] else None
        latest = answers[-1]
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror})"
        raise QuestionError(message) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"{file} is not what `sequitur export CONVERSATION --json` of this version writes"
        raise QuestionError(message) from error
    if documents is not None and latest.provenance.corpus == corpus_digest(documents):  # it counts where the answers came from it
        return Saved(answers, documents, whole=True)
    quoted = {citation.source: citation.sha256 for answer in answers for citation in (*answer.citations, *answer.related)}
    return Saved(answers, quoted, whole=False)


def ask_again(saved: Saved, chat: Chat) -> Saved:
    """The same questions, in order, of the index in force; each as it was understood then."""
    turns: list[Turn] = []
    answers = []
    for old in saved.answers:
        try:
            new = chat.ask(old.question, tuple(turns), old.role)
            if new.standalone != old.standalone:  # the reader had mended it, or other passages lead elsewhere
                new = chat.ask(old.question, tuple(turns), old.role, old.standalone)
        except QuestionError as error:
            new = chat.refused(old.question, str(error), old.role)
        answers.append(new)
        turns.append(chat.turn(new))
    return Saved(tuple(answers), {document.id: document.sha256 for document in chat.documents.values()}, whole=True)


def changes(old: Saved, new: Saved) -> tuple[Change, ...]:
    """The answers that differ in what they claim, what they cite, or what they are.

    Raises:
        QuestionError: the two hold other questions.
    """
    if [answer.question for answer in old.answers] != [answer.question for answer in new.answers]:
        message = "the two exports hold other questions: compare exports of one conversation, or give only the older one"
        raise QuestionError(message)
    found = []
    for number, (then, now) in enumerate(zip(old.answers, new.answers, strict=True), 1):
        before, after = _said(then), _said(now)
        gone = tuple(said for said in before if said not in after)
        appeared = tuple(said for said in after if said not in before)
        if gone or appeared or then.outcome is not now.outcome:
            because = _reasons(gone, appeared, old, new) or _other_reasons(then, now)
            found.append(Change(number, then.question, (then.outcome.value, now.outcome.value), gone, appeared, because))
    return tuple(found)


def _said(answer: Answer) -> tuple[Said, ...]:
    sources = {citation.marker: citation.source for citation in answer.citations}

    def said(claim: CheckedClaim) -> Said:
        return Said(" ".join(filter(None, (claim.lead, claim.text))), tuple(dict.fromkeys(sources[marker] for marker in claim.citations)))

    return tuple(said(claim) for claim in answer.claims)


def _reasons(gone: Sequence[Said], appeared: Sequence[Said], old: Saved, new: Saved) -> tuple[str, ...]:
    """What happened to the documents that went or came with the claims; else to any document at all."""
    involved = dict.fromkeys(source for said in (*gone, *appeared) for source in said.sources)
    reasons = [_happened(document, old, new) for document in involved]
    if not any(reasons) and old.whole and new.whole:
        everything = dict.fromkeys((*old.documents, *new.documents))
        reasons = [f"{said}, and passages rank otherwise" for document in everything if (said := _happened(document, old, new))]
    return tuple(reason for reason in reasons if reason)


def _happened(document: str, old: Saved, new: Saved) -> str:
    then, now = old.documents.get(document), new.documents.get(document)
    if now is None and new.whole and then is not None:
        return f"{document} is no longer in the corpus"
    if then is None and old.whole and now is not None:
        return f"{document} has come into the corpus"
    if then is not None and now is not None and then != now:
        return f"{document} has changed"
    return ""


def _other_reasons(then: Answer, now: Answer) -> tuple[str, ...]:
    """What differs beside the documents."""
    before, after = then.provenance, now.provenance
    pairs = (
        ("the program", before.version, after.version),
        ("the embedder", before.embedder, after.embedder),
        ("the language model", before.model or "none", after.model or "none"),
        ("the prompts", before.prompts, after.prompts),
        ("the understood question", then.standalone, now.standalone),
        ("who asks", then.role.value, now.role.value),
    )
    named = tuple(f"{name} is another one" for name, one, other in pairs if one != other)
    if named:
        return named
    same = before.corpus == after.corpus and before.corpus
    return ("the corpus is the same; the index was made anew",) if same else ("the corpus has changed, and passages rank otherwise",)


def record(old: Saved, new: Saved, found: Sequence[Change]) -> dict[str, Any]:
    """The JSON form."""
    return {
        "questions": len(old.answers),
        "changed": [
            {
                "number": change.number,
                "question": change.question,
                "outcome": {"old": change.outcome[0], "new": change.outcome[1]},
                "gone": [{"text": said.text, "sources": list(said.sources)} for said in change.gone],
                "appeared": [{"text": said.text, "sources": list(said.sources)} for said in change.appeared],
                "because": list(change.because),
            }
            for change in found
        ],
        "disclaimer": new.answers[-1].disclaimer,
    }


def terminal(old: Saved, new: Saved, found: Sequence[Change]) -> str:
    """For a reader: what went (-), what came (+), and why."""
    lines = [f"{len(found)} of {len(old.answers)} answers changed"]
    for change in found:
        lines.append(f"\n{change.number}. {change.question}")
        if change.outcome[0] != change.outcome[1]:
            lines.append(f"   was {change.outcome[0]}, is {change.outcome[1]}")
        lines += [f"   - {said.text} ({', '.join(said.sources)})" for said in change.gone]
        lines += [f"   + {said.text} ({', '.join(said.sources)})" for said in change.appeared]
        lines.append(f"   because {'; '.join(change.because)}")
    return "\n".join([*lines, f"\nDisclaimer: {new.answers[-1].disclaimer}"])
