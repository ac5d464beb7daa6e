"""Fine-tunes the embedder on CPU: question–passage pairs, with questions also put into lay words, abbreviations, brands and typos.

    python models/train.py --bioasq bioasq-train.jsonl --medquad medquad.jsonl.gz --out FOLDER --minutes 15

In-batch softmax over cosines (MultipleNegativesRankingLoss, Henderson et al. 2017; scale 20). Word embeddings stay frozen. Every batch is of one source; known
positives of the same question are masked. The result is a sentence-transformers folder; `python models/train.py --export FOLDER` writes the int8 ONNX that ships.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoModel, AutoTokenizer

from sequitur.adapters.onnx import export_model, model_folder
from sequitur.lexicon import Lexicon, general
from sequitur.text import sentences, tokens

_BATCH = 64
_QUESTION_TOKENS, _PASSAGE_TOKENS = 40, 72
_RATE = 5e-5
_SCALE = 20.0
_WARMUP = 0.08


class Pair(NamedTuple):
    """A question, a passage that answers it, and what groups pairs that answer the same."""

    question: str
    passage: str
    group: str


def bioasq(path: Path) -> list[Pair]:
    """Expert questions with their gold snippets."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Pair(row["question"], text, row["id"]) for row in rows for _, text in row["snippets"][:12]]


def medquad(path: Path, chance: random.Random) -> list[Pair]:
    """Consumer questions with one to three sentences of their answers, headed as our passages are ("Focus > type: …")."""
    pairs = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            answer = row["answer"]
            spans = list(sentences(answer))
            if not spans:
                continue
            first = chance.randrange(min(3, len(spans)))
            last = min(len(spans) - 1, first + chance.randrange(3))
            text = answer[spans[first].start : spans[last].end]
            heading = f"{row['focus']} > {row['type']}: " if chance.random() < 0.7 else ""
            pairs.append(Pair(row["question"], heading + text, f"{row['focus']}:{row['type']}:{number}"))
    return pairs


def lexicon_pairs(lexicon_folder: Path) -> list[Pair]:
    """Lay and clinical wordings of the same thing."""
    pairs = []
    for name, left, right in (
        ("lay", "lay", "clinical"),
        ("abbreviations", "abbr", "expansion"),
        ("brands", "brand", "generic"),
        ("synonyms", "term", "preferred"),
    ):
        head, *rows = (lexicon_folder / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        columns = head.split("\t")
        for row in rows:
            values = dict(zip(columns, row.split("\t"), strict=False))
            if values.get("strength") != "weak" and values.get("rank", "1") == "1":
                pairs.append(Pair(values[left], values[right], values[right]))
    return pairs


class Disguise:
    """Puts a question into the words people type: lay terms, abbreviations, brands, truncations, typos, fragments."""

    def __init__(self, lexicon: Lexicon, folder: Path, chance: random.Random) -> None:
        """`folder`: the lexicon's lists, read backwards here (clinical → lay)."""
        self._chance = chance
        self._drugs = lexicon.drugs
        self._backwards: dict[str, list[str]] = {}
        for pair in lexicon_pairs(folder):
            self._backwards.setdefault(pair.passage.lower(), []).append(pair.question)

    def __call__(self, question: str) -> str:
        """The question, more or less disguised."""
        text = question
        if self._chance.random() < 0.6:
            text = self._swap(text)
        if self._chance.random() < 0.25:
            text = self._telegraph(text)
        if self._chance.random() < 0.25:
            text = self._lead_in(text)
        if self._chance.random() < 0.3:
            text = self._typo(text)
        return text.lower() if self._chance.random() < 0.4 else text

    def _swap(self, text: str) -> str:
        words = re.findall(r"\w+|\W+", text)
        for size in (7, 5, 3, 1):
            for start in range(len(words) - size + 1):
                key = "".join(words[start : start + size]).lower()
                if key in self._backwards and self._chance.random() < 0.7:
                    words[start : start + size] = [self._chance.choice(self._backwards[key])]
                    break
        return "".join(words)

    def _telegraph(self, text: str) -> str:
        dropped = {
            "what",
            "is",
            "are",
            "the",
            "of",
            "for",
            "a",
            "an",
            "do",
            "does",
            "how",
            "to",
            "in",
            "with",
            "can",
            "be",
            "which",
            "there",
        }
        kept = [word for word in text.rstrip("?. ").split() if word.lower() not in dropped]
        return " ".join(kept) or text

    def _lead_in(self, text: str) -> str:
        starts = (
            "my mum was told about this, ",
            "quick q: ",
            "the consultant mentioned it and I wondered, ",
            "sorry if silly, ",
            "pt asking: ",
            "i read online and want to know, ",
            "for my husband: ",
        )
        return self._chance.choice(starts) + text[:1].lower() + text[1:]

    def _typo(self, text: str) -> str:
        long = [word for word in tokens(text) if len(word) > 5 and word.isalpha()]
        if not long:
            return text
        word = self._chance.choice(long)
        at = self._chance.randrange(1, len(word) - 1)
        if word in self._drugs and self._chance.random() < 0.5:
            changed = word[: max(4, at)]
        else:
            changed = self._chance.choice((word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]))
        return re.sub(rf"\b{word}\b", changed, text, count=1, flags=re.IGNORECASE)


def batches(sources: Sequence[Sequence[Pair]], shares: Sequence[float], chance: random.Random) -> Iterator[list[Pair]]:
    """Endless batches, each of one source, without two pairs of one group."""
    while True:
        source = chance.choices(sources, shares)[0]
        found: dict[str, Pair] = {}
        while len(found) < _BATCH:
            pair = chance.choice(source)
            found.setdefault(pair.group, pair)
        yield list(found.values())


def train(sources: Sequence[Sequence[Pair]], shares: Sequence[float], out: Path, minutes: float, seed: int) -> int:
    """Train for a time, save a sentence-transformers folder, return the number of steps."""
    chance = random.Random(seed)
    torch.manual_seed(seed)
    base = model_folder("all-MiniLM-L6-v2")
    tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
    model = AutoModel.from_pretrained(str(base), local_files_only=True)
    for parameter in model.embeddings.word_embeddings.parameters():
        parameter.requires_grad = False
    optimizer = torch.optim.AdamW([parameter for parameter in model.parameters() if parameter.requires_grad], lr=_RATE, weight_decay=0.01)
    disguise = Disguise(general(), Path(__file__).resolve().parent.parent / "sequitur" / "lexicon", chance)
    started, step = time.monotonic(), 0
    model.train()
    for batch in batches(sources, shares, chance):
        spent = (time.monotonic() - started) / (minutes * 60)
        if spent >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, spent / _WARMUP) * max(0.05, 1.0 - spent)
        questions = _embed(model, tokenizer, [disguise(pair.question) for pair in batch], _QUESTION_TOKENS)
        passages = _embed(model, tokenizer, [pair.passage for pair in batch], _PASSAGE_TOKENS)
        loss = torch.nn.functional.cross_entropy(_SCALE * questions @ passages.T, torch.arange(len(batch)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 10 == 0:
            print(f"step {step}, {spent:.0%}, loss {loss.item():.3f}", flush=True)
    shutil.copytree(base, out, dirs_exist_ok=True)
    model.eval().save_pretrained(str(out))
    return step


def _embed(model: torch.nn.Module, tokenizer: AutoTokenizer, texts: Sequence[str], limit: int) -> torch.Tensor:
    encoded = tokenizer(list(texts), padding=True, truncation=True, max_length=limit, return_tensors="pt")
    states = model(**encoded).last_hidden_state
    mask = encoded["attention_mask"].unsqueeze(-1)
    pooled = (states * mask).sum(dim=1) / mask.sum(dim=1)
    return torch.nn.functional.normalize(pooled, dim=-1)


def main() -> None:
    """Train, or export what was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bioasq", type=Path)
    parser.add_argument("--medquad", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--export", type=Path, help="a trained folder, to be written as int8 ONNX to --out")
    options = parser.parse_args()
    if options.export:
        export_model(options.export, options.out)
        return
    chance = random.Random(options.seed)
    folder = Path(__file__).resolve().parent.parent / "sequitur" / "lexicon"
    sources = [bioasq(options.bioasq), medquad(options.medquad, chance), lexicon_pairs(folder)]
    print([len(source) for source in sources], flush=True)
    print(train(sources, (0.45, 0.45, 0.10), options.out, options.minutes, options.seed), "steps")


if __name__ == "__main__":
    main()
