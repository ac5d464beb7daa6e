"""Fine-tunes the packaged embedder on CPU, averages what was trained, exports int8 ONNX.

    python models/train.py tune --bioasq bioasq-train.jsonl --medquad medquad.jsonl.gz --out FOLDER --seed 2
    python models/train.py tune --bioasq bioasq-train.jsonl --out FOLDER --seed 1
    python models/train.py soup FOLDER FOLDER --out FOLDER
    python models/train.py export FOLDER --out FOLDER

In-batch softmax over cosines (MultipleNegativesRankingLoss, Henderson et al. 2017; scale 20), word embeddings frozen, a fixed number of steps. Every
batch is of one source; passages that are known to answer another question of the batch are masked. With MedQuAD, questions are put into the words
people type (lay terms, abbreviations, brands, fragments, typos) by reading the lexicon backwards. One focus in ten of MedQuAD is held out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import shutil
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from sequitur.adapters.onnx import export_model, model_folder
from sequitur.text import sentences, tokens

_BATCH = 64
_PART = 16  # texts that are padded together
_QUESTION_TOKENS, _PASSAGE_TOKENS = 48, 96
_SCALE = 20.0
_WARMUP = 0.08
_HELD_OUT = 10
_LEXICON = Path(__file__).resolve().parent.parent / "sequitur" / "lexicon"
_LISTS = (
    ("lay", "lay", "clinical"),
    ("abbreviations", "abbr", "expansion"),
    ("brands", "brand", "generic"),
    ("synonyms", "term", "preferred"),
)
_SMALL = frozenset(
    ["what", "is", "are", "the", "of", "for", "a", "an", "do", "does", "how", "to", "in", "with", "can", "be", "which", "there"]
)
_LEADS = (
    "quick question: ",
    "my mum was told about this, ",
    "sorry if this is silly, ",
    "patient asking: ",
    "I read about it and wonder, ",
    "for my husband: ",
)


class Pair(NamedTuple):
    """A question, a passage that answers it, the passage's key, and the keys of all that answer the question."""

    question: str
    passage: str
    key: str
    answers: frozenset[str]


def bioasq(path: Path) -> list[Pair]:
    """Expert questions with each of their gold snippets, and with all snippets of one record joined."""
    pairs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        records: dict[str, list[str]] = {}
        for record, text in row["snippets"]:
            records.setdefault(record, []).append(text)
        answers = frozenset(records)
        for record, texts in records.items():
            joined = [" ".join(dict.fromkeys(texts))] if len(texts) > 1 else []
            pairs.extend(Pair(row["question"], text, record, answers) for text in (*dict.fromkeys(texts), *joined))
    return pairs


def held_out(focus: str) -> bool:
    """Whether a MedQuAD focus is kept for measuring."""
    return zlib.crc32(focus.encode()) % _HELD_OUT == 0


def medquad(path: Path, chance: random.Random) -> list[Pair]:
    """Consumer questions with some sentences of their answers, mostly headed as our passages are ("Focus > type: …")."""
    pairs = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            spans = list(sentences(row["answer"]))
            if not spans or held_out(row["focus"]):
                continue
            first = chance.randrange(min(3, len(spans)))
            last = min(len(spans) - 1, first + chance.randrange(4))
            heading = f"{row['focus']} > {row['type']}: " if chance.random() < 0.5 else ""
            key = f"{row['focus']}:{row['type']}"
            pairs.append(Pair(row["question"], heading + row["answer"][spans[first].start : spans[last].end], key, frozenset({key})))
    return pairs


def lexicon_pairs() -> list[Pair]:
    """Lay and clinical wordings of the same thing."""
    pairs = []
    for name, left, right in _LISTS:
        head, *rows = (_LEXICON / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        columns = head.split("\t")
        for row in rows:
            values = dict(zip(columns, row.split("\t"), strict=False))
            if values.get("strength") != "weak" and values.get("rank", "1") == "1":
                pairs.append(Pair(values[left], values[right], values[right], frozenset({values[right]})))
    return pairs


class Disguise:
    """Puts a question into the words people type."""

    def __init__(self, chance: random.Random) -> None:
        """The lexicon is read backwards: clinical → lay."""
        self._chance = chance
        self._backwards: dict[str, list[str]] = {}
        for pair in lexicon_pairs():
            self._backwards.setdefault(pair.passage.lower(), []).append(pair.question)

    def __call__(self, question: str) -> str:
        """The question, more or less disguised."""
        text = question
        for share, change in ((0.6, self._swap), (0.2, self._telegraph), (0.2, self._lead), (0.2, self._typo), (0.4, str.lower)):
            if self._chance.random() < share:
                text = change(text)
        return text

    def _swap(self, text: str) -> str:
        words = re.findall(r"\w+|\W+", text)
        for size in (7, 5, 3, 1):
            for start in range(len(words) - size + 1):
                others = self._backwards.get("".join(words[start : start + size]).lower())
                if others and self._chance.random() < 0.7:
                    words[start : start + size] = [self._chance.choice(others)]
                    break
        return "".join(words)

    def _telegraph(self, text: str) -> str:
        return " ".join(word for word in text.rstrip("?. ").split() if word.lower() not in _SMALL) or text

    def _lead(self, text: str) -> str:
        return self._chance.choice(_LEADS) + text[:1].lower() + text[1:]

    def _typo(self, text: str) -> str:
        long = [word for word in tokens(text) if len(word) > 5 and word.isalpha()]
        if not long:
            return text
        word = self._chance.choice(long)
        at = self._chance.randrange(1, len(word) - 1)
        changed = self._chance.choice((word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]))
        return re.sub(rf"\b{word}\b", changed, text, count=1, flags=re.IGNORECASE)


def batches(sources: Sequence[Sequence[Pair]], shares: Sequence[float], chance: random.Random) -> Iterator[list[Pair]]:
    """Endless batches, each of one source and of different questions."""
    by_question = []
    for source in sources:
        grouped: dict[str, list[Pair]] = {}
        for pair in source:
            grouped.setdefault(pair.question, []).append(pair)
        by_question.append(list(grouped.values()))
    while True:
        chosen = chance.sample(chance.choices(by_question, shares)[0], _BATCH)
        yield [chance.choice(pairs) for pairs in chosen]


def tune(options: argparse.Namespace) -> None:
    """Train for a number of steps and save a sentence-transformers folder."""
    chance = random.Random(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    base = model_folder("all-MiniLM-L6-v2")
    tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
    model = AutoModel.from_pretrained(str(base), local_files_only=True)
    model.embeddings.word_embeddings.weight.requires_grad = False
    optimizer = torch.optim.AdamW([weights for weights in model.parameters() if weights.requires_grad], lr=options.rate, weight_decay=0.01)
    sources, shares = [bioasq(options.bioasq)], [1.0]
    if options.medquad:
        sources, shares = [*sources, medquad(options.medquad, chance), lexicon_pairs()], [0.5, 0.42, 0.08]
    disguise = Disguise(chance) if options.medquad else str
    print([len(source) for source in sources], flush=True)
    started = time.monotonic()
    model.train()
    for step, batch in zip(range(options.steps), batches(sources, shares, chance), strict=False):
        done = step / options.steps
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1.0, (done + 1e-3) / _WARMUP) * max(0.05, 1.0 - done)
        questions = _embed(model, tokenizer, [disguise(pair.question) for pair in batch], _QUESTION_TOKENS)
        passages = _embed(model, tokenizer, [pair.passage for pair in batch], _PASSAGE_TOKENS)
        known = torch.tensor([[i != j and passage.key in pair.answers for j, passage in enumerate(batch)] for i, pair in enumerate(batch)])
        loss = torch.nn.functional.cross_entropy((_SCALE * questions @ passages.T).masked_fill(known, -1e4), torch.arange(len(batch)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            print(f"step {step}, {time.monotonic() - started:.0f} s, loss {loss.item():.3f}", flush=True)
    _save(base, options.out, {name: weights.detach() for name, weights in model.state_dict().items()})


def _embed(model: Any, tokenizer: Any, texts: Sequence[str], limit: int) -> torch.Tensor:  # noqa: ANN401 - transformers is untyped here
    """Unit vectors of texts; texts of like length go together, so that little is padded."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    parts = []
    for start in range(0, len(order), _PART):
        chosen = [texts[number] for number in order[start : start + _PART]]
        encoded = tokenizer(chosen, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        states = model(**encoded).last_hidden_state
        mask = encoded["attention_mask"].unsqueeze(-1)
        parts.append((states * mask).sum(dim=1) / mask.sum(dim=1))
    places = torch.empty(len(order), dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(len(order))
    return torch.nn.functional.normalize(torch.cat(parts)[places], dim=-1)


def soup(folders: Sequence[Path], out: Path) -> None:
    """The plain average of several models' weights (Wortsman et al., ICML 2022)."""
    models = [load_file(folder / "model.safetensors") for folder in folders]
    _save(folders[0], out, {name: torch.stack([weights[name].float() for weights in models]).mean(dim=0) for name in models[-1]})


def _save(like: Path, out: Path, weights: dict[str, torch.Tensor]) -> None:
    shutil.copytree(like, out, dirs_exist_ok=True)
    save_file(
        {name: value.contiguous() for name, value in weights.items() if value.is_floating_point()},
        out / "model.safetensors",
        {"format": "pt"},
    )


def main() -> None:
    """Train, average or export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    tuning = commands.add_parser("tune")
    tuning.add_argument("--bioasq", type=Path, required=True)
    tuning.add_argument("--medquad", type=Path)
    tuning.add_argument("--steps", type=int, default=200)
    tuning.add_argument("--rate", type=float, default=5e-5)
    tuning.add_argument("--seed", type=int, default=1)
    tuning.add_argument("--threads", type=int, default=2)
    averaging = commands.add_parser("soup")
    averaging.add_argument("folders", type=Path, nargs="+")
    exporting = commands.add_parser("export")
    exporting.add_argument("folder", type=Path)
    for command in (tuning, averaging, exporting):
        command.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "tune":
        tune(options)
    elif options.command == "soup":
        soup(options.folders, options.out)
    else:
        export_model(options.folder, options.out)


if __name__ == "__main__":
    main()
