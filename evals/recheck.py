"""Proves an exported conversation against the corpus it quotes, without a line of the program that wrote it.

    python evals/recheck.py CONVERSATION.json [--corpus corpus] [--texts DIR]

CONVERSATION.json is what `sequitur export ID --json` prints; a file of answers, one a line, as `sequitur batch` writes them, is read too.
Needs Python alone and may be copied anywhere. Exits 0 when everything holds, 1 with one line on the first thing that does not, 2 when there is
nothing to check.

What is proved, for every answer:
  - each quotation stands, character for character, at its offsets in a text with the sha256 it names, and that text is a file of the corpus
    that goes by the name the citation gives it;
  - each [n] of the answer has its citation, each citation its [n], each claim at least one; one number means one passage all through;
  - where the sources are said to differ, each has the words for its side;
  - what is said to contradict the question contradicts words of the question;
  - each claim stands in the answer, and its quotations carry it: an extractive claim word for word, one that a language model wrote in its
    figures, its denials and most of its words; each number of the answer stands in a quotation that the answer cites;
  - the disclaimer is the article's own, byte for byte.

What is not: whether a source is right, whether a question was understood, and how PDF, HTML or DOCX files were read. The stored text of such a
document is taken from --texts, a folder of files `<document id>.txt` made by `sequitur text <document id>`; quotations are proved against that text,
and the last line says how many. Where it is missing, nothing is taken on trust: that is a failure too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

STAND_IN = (
    "This article prints no disclaimer of its own. What stands here is general information for health professionals, not advice for one person; "
    "verify it against primary sources before use."
)
OTHERWISE = "The sources say otherwise"  # what stands before a claim that contradicts the question
DIFFER = "The sources differ"
HOLDS = {  # what a quotation must have at the least to show what its source is said to hold
    "a benefit": r"relie|improv|better|effective|benefi|superior|reduc|lower|fell|decreas|work|help|favou?r|eas|respon|drop|beat|-\d",
    "no difference": r"\bno\b|\bnot\b|n't|\bnor\b|fail|ineffective|every arm|\d to |p\s*=",
    "not clear": r"unclear|uncertain|clear|certain|inconclusive|insufficient|limited|low|weak",
    "recommended": r"recommend|advis|suggest|indicated|prefer|first-line|should|offer|option",
    "not recommended": r"\bnot?\b|never|against|lack|avoid|contra",
}
_PLAIN = (".md", ".txt")  # files whose stored text is their whole content
_MARKER = re.compile(r"\[(\d{1,4})\]")
_NUMBER = re.compile(r"\d+(?:[.,·]\d+)*")
_WORD = re.compile(r"\d+(?:[.,·]\d+)*|[^\W\d_]+")
_DENIALS = frozenset({"no", "not", "never", "none", "neither", "nor", "without", "cannot", "nothing", "lack", "lacks", "absence"})
_MOST = 0.6  # share of a model's content words that must stand in what it cites
_ALIKE = 3  # content words that a further citation of the same claim must share with it
_FIGURES = 2  # or figures
_DOSE = re.compile(r"\d\s*(?:m?g|mcg|µg|ml|%|mg/kg|units?)\b", re.IGNORECASE)


class LieError(Exception):
    """The first thing that does not hold."""


class Text(NamedTuple):
    """A stored text and what it may be called."""

    text: str
    names: frozenset[str]
    from_corpus: bool


class Proof:
    """The corpus by the sums of its texts, and what has been proved against it."""

    def __init__(self, corpus: Path, texts: Path | None) -> None:
        """Read every file that is text."""
        self.texts: dict[str, Text] = {}
        self.articles: dict[str, str] = {}
        self.quotations = self.from_texts = 0
        for path in sorted(path for path in corpus.rglob("*") if path.is_file() and path.suffix.lower() in _PLAIN):
            text = _stored(path)
            if text is None:
                continue
            self._add(text, _names(path, text, corpus), from_corpus=True)
            if path.stem == "article" and path.parent.parent == corpus:
                self.articles[path.parent.name] = text
        for path in sorted(texts.glob("*.txt")) if texts else ():
            text = _stored(path)
            if text is not None:
                self._add(text, {path.stem}, from_corpus=False)
                if any((corpus / path.stem).glob("article.*")):
                    self.articles.setdefault(path.stem, text)

    def _add(self, text: str, names: set[str], *, from_corpus: bool) -> None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        before = self.texts.get(digest)
        known = names | (before.names if before else set())
        self.texts[digest] = Text(text, frozenset(known), from_corpus or bool(before and before.from_corpus))

    def quotation(self, citation: dict[str, Any]) -> None:
        """One citation against the text it names."""
        source, digest = str(citation["source"]), str(citation["sha256"])
        stored = self.texts.get(digest)
        if stored is None:
            message = f"no text with the sha256 {digest[:12]}… that it gives for {source!r}; of a PDF, HTML or DOCX file, give the stored text by --texts"
            raise LieError(message)
        if source not in stored.names:
            message = f"the text it quotes is {', '.join(sorted(stored.names))}, not {source!r}"
            raise LieError(message)
        start, end = citation["start"], citation["end"]
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(stored.text)):
            message = f"{start} to {end} is no place in {source!r}"
            raise LieError(message)
        if stored.text[start:end] != citation["passage"]:
            message = f"the quotation does not stand at {start} to {end} of {source!r}"
            raise LieError(message)
        self.quotations += 1
        self.from_texts += not stored.from_corpus

    def disclaimer(self, answer: dict[str, Any]) -> None:
        """The disclaimer against the article's own."""
        said = answer.get("disclaimer")
        slug = answer.get("provenance", {}).get("article") or (next(iter(self.articles)) if len(self.articles) == 1 else "")
        candidates = [self.articles[slug]] if slug in self.articles else list(self.articles.values())
        if said not in {_disclaimer(article) or STAND_IN for article in candidates}:
            message = "the disclaimer is missing" if not str(said or "").strip() else "the disclaimer is not the article's own"
            raise LieError(message)


def _stored(path: Path) -> str | None:
    """A file's text as it is stored: UTF-8 without its mark, line ends as one character; None for what is no text."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _names(path: Path, text: str, corpus: Path) -> set[str]:
    """What a file may be cited as: its own name, the id its front matter gives, and an article its folder."""
    names = {path.stem}
    front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    given = re.search(r"^id:\s*[\"']?([^\"'\n#]+?)[\"']?\s*$", front[1], re.MULTILINE) if front else None
    if given:
        names = {given[1]}
    if path.stem == "article" and path.parent.parent == corpus:
        names = {path.parent.name}
    return names


def _disclaimer(article: str) -> str:
    """What stands below the heading that says disclaimer, up to the invitation to ask or the references."""
    lines = article.split("\n")
    heading = next((number for number, line in enumerate(lines) if _heads(line) and "disclaimer" in line.lower()), None)
    if heading is None:
        return ""
    below = lines[heading + 1 :]
    end = next((number for number, line in enumerate(below) if _closes(line)), len(below))
    return "\n".join(below[:end]).strip()


def _heads(line: str) -> bool:
    return 0 < len(line.strip()) <= 120 and not re.search(r"[.;,!?]$", line.strip())


def _closes(line: str) -> bool:
    bare = re.sub(r"^#{1,6}\s+", "", line.strip()).rstrip(":").lower()
    return bool(re.match(r"have a follow-?up question\?", bare)) or bare in {"references", "bibliography", "sources"}


def check_answer(answer: dict[str, Any], proof: Proof) -> None:
    """One answer.

    Raises:
        LieError: something in it does not hold.
    """
    proof.disclaimer(answer)
    cited: dict[int, dict[str, Any]] = {}
    for citation in answer["citations"]:
        marker = citation["marker"]
        with _naming(f"citation [{marker}]"):
            if marker in cited:
                message = "two citations have this number"
                raise LieError(message)
            cited[marker] = citation
            proof.quotation(citation)
    for citation in answer.get("related", []):
        with _naming("related reading"):
            proof.quotation(citation)
    _markers(answer, cited)
    for number, claim in enumerate(answer["claims"], 1):
        with _naming(f"claim {number}"):
            _claim(claim, answer, cited)
    for number, side in enumerate(answer.get("sides", []), 1):
        with _naming(f"side {number}"):
            _side(side, answer, cited)
    _numbers(answer, cited, proof)


def _side(side: dict[str, Any], answer: dict[str, Any], cited: dict[int, dict[str, Any]]) -> None:
    """What a source is said to hold where the sources differ: its quotation has the words for it, and the time that is given."""
    quotation = cited[side["citation"]]["passage"]
    if not re.search(HOLDS[side["holds"]], quotation, re.IGNORECASE):
        message = f"its quotation does not show {side['holds']!r}"
        raise LieError(message)
    if side["time"] and side["time"] not in quotation:
        message = "the time it gives is not in its quotation"
        raise LieError(message)
    if side["whom"] is not None and cited[side["whom"]]["source"] != cited[side["citation"]]["source"]:
        message = "whom it speaks of is quoted from another source"
        raise LieError(message)
    if len({other["holds"] for other in answer["sides"]}) < 2 or DIFFER not in answer["answer"]:
        message = "the sources are said to differ and hold the same"
        raise LieError(message)


def _markers(answer: dict[str, Any], cited: dict[int, dict[str, Any]]) -> None:
    """Numbers in the answer, in its claims and among its citations are the same ones."""
    written = {int(number) for number in _MARKER.findall(answer["answer"])}
    claimed = {marker for claim in answer["claims"] for marker in claim["citations"]}
    claimed |= {side["whom"] for side in answer.get("sides", []) if side["whom"] is not None}
    for numbers, where in ((written, "the answer"), (claimed, "a claim")):
        if strange := sorted(numbers - set(cited)):
            message = f"[{strange[0]}] of {where} has no citation"
            raise LieError(message)
        if unused := sorted(set(cited) - numbers):
            message = f"citation [{unused[0]}] stands in no place of {where}"
            raise LieError(message)
    if (answer["urgent"] or answer["abstained"]) and (answer["claims"] or cited):
        message = "it claims something though it says that it does not answer"
        raise LieError(message)
    if answer.get("outcome") == "answered" and not answer["claims"]:
        message = "it answers without a claim"
        raise LieError(message)


def _claim(claim: dict[str, Any], answer: dict[str, Any], cited: dict[int, dict[str, Any]]) -> None:
    """A claim stands in the answer with its markers, and its quotations carry it."""
    said = words(claim["text"])
    if not said or not claim["citations"]:
        message = "it says nothing" if not said else "it cites nothing"
        raise LieError(message)
    if claim.get("verdict") != "supported":
        message = "it is shown though it was not found to be supported"
        raise LieError(message)
    if not _runs(said, words(_MARKER.sub(" ", answer["answer"]))):
        message = "it does not stand in the answer"
        raise LieError(message)
    if claim.get("against"):
        _against(claim, answer)
    quoted = [words(cited[marker]["passage"]) for marker in claim["citations"]]
    if claim.get("lead") and not any(_runs(words(claim["lead"]), quotation) for quotation in quoted):
        message = "its lead-in stands in none of its quotations"
        raise LieError(message)
    if answer.get("mode") == "extractive":
        parts = [words(part) for part in re.split(r"(?<=[.!?;])\s+", claim["text"]) if words(part)]
        if not all(any(_runs(part, quotation, marks=True) for quotation in quoted) for part in parts):
            message = "it is not what its quotations say"
            raise LieError(message)
    else:
        _paraphrase(said, quoted)
    for marker, quotation in zip(claim["citations"], quoted, strict=True):
        if not (_runs(said, quotation, marks=True) or _alike(said, quotation)):
            message = f"[{marker}] speaks of something else"
            raise LieError(message)


def _against(claim: dict[str, Any], answer: dict[str, Any]) -> None:
    """What a claim is said to contradict stands in the question, and the answer says that it is contradicted."""
    granted = words(claim["against"])
    if not granted or not any(_runs(granted, words(str(answer.get(field, "")))) for field in ("question", "standalone")):
        message = "what it is said to contradict is not in the question"
        raise LieError(message)
    if OTHERWISE not in answer["answer"]:
        message = "the answer does not say that it contradicts the question"
        raise LieError(message)
    if words(claim["text"]) == granted:
        message = "it says the very same as the question"
        raise LieError(message)


def _alike(said: Sequence[str], quotation: Sequence[str]) -> bool:
    """Whether a further quotation is about the same: words in common, or figures."""
    shared = _content(said) & _content(quotation)
    figures = {word for word in shared if word[0].isdigit() and len(word) > 1}
    return len(shared) >= min(_ALIKE, len(_content(said))) or len(figures) >= _FIGURES


def _paraphrase(said: Sequence[str], quoted: Sequence[Sequence[str]]) -> None:
    there = {word for quotation in quoted for word in quotation}
    if strange := [word for word in said if word[0].isdigit() and word not in there]:
        message = f"the number {strange[0]} stands in none of its quotations"
        raise LieError(message)
    if bool(_DENIALS & set(said)) and not _DENIALS & there:
        message = "it denies what its quotations do not deny"
        raise LieError(message)
    content = _content(said)
    if content and len(content & there) < _MOST * len(content):
        message = "its words are not those of its quotations"
        raise LieError(message)


def _numbers(answer: dict[str, Any], cited: dict[int, dict[str, Any]], proof: Proof) -> None:
    """Each number of the answer stands in what it cites. Without citations it may hold the article's own numbers, and never a dose."""
    text = re.sub(r"^\s*\d{1,2}[.)]\s", " ", _MARKER.sub(" ", answer["answer"]), flags=re.MULTILINE)
    there = {number for citation in cited.values() for number in numbers(citation["passage"])}
    if not cited:
        there = {number for article in proof.articles.values() for number in numbers(article)}
        if _DOSE.search(text):
            message = "it gives an amount and cites nothing"
            raise LieError(message)
    if answer["urgent"]:
        return  # numbers to call are the settings'
    if strange := [number for number in numbers(text) if number not in there]:
        message = f"the number {strange[0]} stands in nothing that the answer cites"
        raise LieError(message)


def numbers(text: str) -> list[str]:
    """The numbers of a text in one spelling: "1,000" as "1000", "0.50" as "0.5"."""
    return [_plain(match) for match in _NUMBER.findall(text)]


def words(text: str) -> list[str]:
    """Words in lower case and numbers in one spelling, in order."""
    return [_plain(word) if word[0].isdigit() else word.lower() for word in _WORD.findall(text)]


def _plain(number: str) -> str:
    number = re.sub(r",(?=\d{3}(?!\d))", "", number).replace("·", ".").replace(",", ".")
    return number.rstrip("0").rstrip(".") if number.count(".") == 1 else number


def _content(said: Sequence[str]) -> set[str]:
    return {word for word in said if len(word) > 3 or word[0].isdigit()}


def _runs(said: Sequence[str], there: Sequence[str], *, marks: bool = False) -> bool:
    """Whether the words stand there one after the other; `marks`: over the article's own citation numbers between them."""
    return any(_runs_from(said, there[start:], marks=marks) for start, word in enumerate(there) if word == said[0])


def _runs_from(said: Sequence[str], there: Sequence[str], *, marks: bool) -> bool:
    at = 0
    for word in there:
        if at == len(said):
            break
        if word == said[at]:
            at += 1
        elif not (marks and word.isdigit() and len(word) <= 2):
            return False
    return at == len(said)


class _naming:  # noqa: N801 - read as a word: `with _naming("claim 2"):`
    """Says in which part of an answer something does not hold."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Put the part's name before the reason."""
        if isinstance(error, LieError):
            message = f"{self.part}: {error}"
            raise LieError(message) from error


def check(whole: dict[str, Any], proof: Proof) -> None:
    """A whole conversation.

    Raises:
        LieError: the first thing that does not hold, with where it stands.
    """
    passages: dict[int, tuple[Any, ...]] = {}
    for number, answer in enumerate(whole["answers"], 1):
        with _naming(f"answer {number}"):
            check_answer(answer, proof)
            for citation in answer["citations"]:
                place = tuple(citation[field] for field in ("source", "sha256", "start", "end"))
                if whole.get("format") and passages.setdefault(citation["marker"], place) != place:
                    message = f"citation [{citation['marker']}] was another passage before"
                    raise LieError(message)
    if whole.get("format"):
        _whole(whole, proof)


def _whole(whole: dict[str, Any], proof: Proof) -> None:
    """What an export says beside its answers."""
    with _naming("the conversation"):
        proof.disclaimer({**whole["answers"][-1], "disclaimer": whole["disclaimer"]})
        listed = {(source["id"], source["sha256"]) for source in whole["sources"]}
        for answer in whole["answers"]:
            for citation in (*answer["citations"], *answer["related"]):
                if (citation["source"], citation["sha256"]) not in listed:
                    message = f"{citation['source']!r} is quoted and not among its sources"
                    raise LieError(message)
        corpus = whole["corpus"]
        lines = sorted(f"{name} {digest}" for name, digest in corpus["documents"].items()) if corpus else []
        if corpus and hashlib.sha256("\n".join(lines).encode()).hexdigest() != corpus["sha256"]:
            message = "the sum of the corpus is not that of its documents"
            raise LieError(message)


def _read(path: Path) -> dict[str, Any]:
    """An export, or the answers of a file with one a line.

    Raises:
        ValueError: it is neither, or empty.
    """
    text = path.read_text(encoding="utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        whole = {"answers": list(_rows(text))}
    if isinstance(whole, dict) and "answers" not in whole and "citations" in whole:
        whole = {"answers": [whole]}
    if not isinstance(whole, dict) or not whole.get("answers"):
        message = "it holds no answers"
        raise ValueError(message)
    return whole


def _rows(text: str) -> Iterator[dict[str, Any]]:
    for row in text.split("\n"):
        if row.strip():
            yield json.loads(row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("conversation", type=Path, help="what `sequitur export ID --json` prints, or answers, one a line")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="the corpus folder")
    parser.add_argument("--texts", type=Path, help="folder of <document id>.txt, for documents that are not plain text")
    options = parser.parse_args(arguments)
    try:
        whole = _read(options.conversation)
    except (OSError, ValueError) as error:
        print(f"recheck: {options.conversation} cannot be checked: {error}", file=sys.stderr)
        return 2
    proof = Proof(options.corpus, options.texts)
    if not proof.articles:
        print(f"recheck: there is no article below {options.corpus}", file=sys.stderr)
        return 2
    try:
        check(whole, proof)
    except LieError as lie:
        print(f"recheck: {lie}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        print(f"recheck: not a record of answers ({type(error).__name__}: {error})", file=sys.stderr)
        return 1
    stored = f", {proof.from_texts} of them against stored texts that --texts gave" if proof.from_texts else ""
    print(f"{len(whole['answers'])} answers hold: {proof.quotations} quotations stand in their sources{stored}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
