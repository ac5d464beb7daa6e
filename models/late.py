"""Trains the late-interaction head on CPU: the embedder's two last layers anew, over states of the others that are worked out once.

    python models/late.py states --bioasq bioasq-train.jsonl --medquad medquad.jsonl.gz --out FOLDER
    python models/late.py train FOLDER --steps 400 --out begun.safetensors
    python models/late.py harden FOLDER --from begun.safetensors --kept 0.5 --out models/late.safetensors

Questions: those of BioASQ, those of MedQuAD as typed and disguised (models/train.py), and our own (models/questions.jsonl), which were written
for this as people type them, each with the sentences of one MedQuAD answer or one BioASQ record that answer it, or with none. In a batch a question's passage
stands against the other passages, against its own document's other sentences, and against passages that resemble it; a question that its document does not
answer stands against all of it. In-batch softmax over late-interaction scores (Khattab and Zaharia, SIGIR 2020), scale 30, and a logistic loss of the same
scores within a document.

`harden` goes on from there with questions under articles: the dev halves of the gold, and judged questions (those of our article, and models/reading), where every question names the passages that answer it, those that
seem to, and two in five are answered nowhere. Passages are told apart for a question, and questions for a passage, so that a score says whether there is an answer at all. One step in five is
still of the old kind, so that what was learned elsewhere is not forgotten.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from alike import alike_loss, circle
from safetensors.torch import load_file, save_file
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, kl_div, log_softmax, normalize, pad, softmax, softplus
from train import Disguise, Pair, bioasq, medquad
from transformers import AutoModel, AutoTokenizer

from evals.cases import Case, load_cases
from evals.elsewhere import HOME, Place, places
from evals.triage import GOLD
from evals.tune import READING, carriers_of, last_query, reading
from ingest.questions import passage_digest, typed
from sequitur.adapters.embedders import open_embedder
from sequitur.adapters.heads import LAYERS
from sequitur.adapters.onnx import model_folder
from sequitur.assemble import Assembly, assemble
from sequitur.index import index_text
from sequitur.ports import WIDTH
from sequitur.retrieve import WEIGHTS, candidates
from sequitur.settings import load_settings

_OWN = Path(__file__).with_name("questions.jsonl")
_QUESTION_TOKENS, _PASSAGE_TOKENS = 40, 64
_BATCH, _PART = 32, 24
_UNANSWERED = 8  # questions of a batch that their document does not answer
_MEDQUAD = 2500  # questions taken of it
_SHARES = {"bioasq": 0.2, "medquad": 0.15, "own": 0.65}
_TYPED = 0.75  # share of questions as typed; the others disguised, or for our own in clean words
_SCALE = 30.0
_HARD = 34  # passages of an article that are looked at for each of its questions
_ANSWERED, _OPEN = 7, 5  # questions of an article in a step
_TEMPER = 0.85  # how much oftener an article with more questions is drawn
_HARD_QUESTION_TOKENS, _HARD_TOKENS = 64, 96
_CLEAN = 0.25  # weight of the questions in clean words, against 1 for the words that are searched for
_ALIKE = 0.5  # weight of the words that are searched for scoring passages as the clean ones do
_OLD = 0.15  # share of steps that are still of the old kind
_WIDTH_OF_STATES = 384


class Row(NamedTuple):
    """A question in two wordings, the passages that answer it, and others that do not, each with its key."""

    wordings: tuple[str, str]
    answers: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]
    keys: frozenset[str]  # of all passages known to answer


def cut(text: str) -> list[str]:
    """The sentences that our own questions are about."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z0-9(])", text) if len(part.split()) >= 5]


def digest(text: str) -> str:
    """By what models/questions.jsonl names a sentence."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def own_rows(bioasq_file: Path, medquad_file: Path) -> list[Row]:
    """Our own questions, with the sentences found by their digests."""
    texts = {}
    for line in bioasq_file.read_text(encoding="utf-8").splitlines():
        texts.update({digest(part): part for _, text in json.loads(line)["snippets"] for part in cut(text)})
    with gzip.open(medquad_file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            texts.update({digest(row["focus"] + part): f"{row['focus']}: {part}" for part in cut(row["answer"])})
    rows = []
    for line in _OWN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answers, others = (tuple((key, texts[key]) for key in row[name] if key in texts) for name in ("answers", "others"))
        if len(answers) == len(row["answers"]) and (answers or others):
            rows.append(Row((row["question"], row["clean"]), answers, others, frozenset(row["answers"])))
    return rows


def bioasq_rows(path: Path, disguise: Disguise, chance: random.Random) -> list[Row]:
    """Expert questions; the others are passages of other questions that the packaged embedder finds near, the two nearest left out as perhaps right."""
    pairs = bioasq(path)
    passages = list(dict.fromkeys((pair.key, pair.passage) for pair in pairs))
    by_question: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_question[pair.question].append(pair)
    embedder = open_embedder("all-MiniLM-L6-v2", Path(".sequitur/models"))
    nearness = embedder.embed(list(by_question)) @ embedder.embed([text for _, text in passages]).T
    rows = []
    for (question, own), scores in zip(by_question.items(), nearness, strict=True):
        near = [passages[place] for place in np.argsort(-scores)[:60] if passages[place][0] not in own[0].answers][2:8]
        answers = tuple((pair.key, pair.passage) for pair in chance.sample(own, min(6, len(own))))
        rows.append(Row((question, disguise(question)), answers, tuple(near), own[0].answers))
    return rows


def medquad_rows(path: Path, disguise: Disguise, chance: random.Random) -> list[Row]:
    """Consumer questions; the others are answers to other questions about the same thing."""
    pairs = medquad(path, chance)
    by_focus: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_focus[pair.key.split(":")[0]].append(pair)
    rows = []
    for pair in chance.sample(pairs, len(pairs)):
        others = [other for other in by_focus[pair.key.split(":")[0]] if other.key != pair.key]
        if others and len(rows) < _MEDQUAD:
            chosen = tuple((other.key, other.passage) for other in chance.sample(others, min(3, len(others))))
            rows.append(Row((pair.question, disguise(pair.question)), ((pair.key, pair.passage),), chosen, frozenset([pair.key])))
    return rows


class States:
    """Texts with their states before the layers that are trained."""

    def __init__(self, array: Any, places: dict[str, list[int]]) -> None:  # noqa: ANN401 - a NumPy array
        """Of all texts one after the other, and where each stands."""
        self._array, self._places = array, places

    @classmethod
    def read(cls, folder: Path) -> States:
        """Open what `write_states` wrote."""
        return cls(np.load(folder / "states.npy", mmap_mode="r"), json.loads((folder / "places.json").read_text(encoding="utf-8")))

    @classmethod
    def of(cls, limits: dict[str, int]) -> States:
        """Work them out for texts, each with the tokens that it may have at most."""
        base = str(model_folder("all-MiniLM-L6-v2"))
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model = AutoModel.from_pretrained(base, local_files_only=True).eval()
        model.encoder.layer = model.encoder.layer[:-LAYERS]
        order = sorted(limits, key=len)
        places, blocks, at = {}, [], 0
        with torch.no_grad():
            for start in range(0, len(order), 32):
                texts = order[start : start + 32]
                given = tokenizer(texts, padding=True, truncation=True, max_length=max(limits[text] for text in texts), return_tensors="pt")
                states = model(**given).last_hidden_state.to(torch.float16)
                for text, own, size in zip(texts, states, given["attention_mask"].sum(dim=1).tolist(), strict=True):
                    kept = min(size, limits[text])
                    blocks.append(own[:kept].numpy().copy())
                    places[text] = [at, at + kept]
                    at += kept
        return cls(np.concatenate(blocks), places)

    def write(self, folder: Path) -> None:
        """Keep them as half floats."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "states.npy", self._array)
        (folder / "places.json").write_text(json.dumps(self._places), encoding="utf-8")

    def size(self, text: str) -> int:
        """Tokens of a text."""
        start, stop = self._places[text]
        return stop - start

    def get(self, texts: Sequence[str], limit: int) -> tuple[torch.Tensor, torch.Tensor]:
        """States of shape (texts, tokens, width), and which of them count."""
        parts = [self._array[start : min(stop, start + limit)] for start, stop in (self._places[text] for text in texts)]
        longest = max(map(len, parts))
        states, mask = np.zeros((len(parts), longest, _WIDTH_OF_STATES), dtype=np.float32), np.zeros((len(parts), longest), dtype=bool)
        for row, part in enumerate(parts):
            states[row, : len(part)], mask[row, : len(part)] = part, True
        return torch.from_numpy(states), torch.from_numpy(mask)


def write_states(options: argparse.Namespace) -> None:
    """Work out the states of all texts once, and keep them as half floats with the questions."""
    chance = random.Random(options.seed)
    disguise = Disguise(chance)
    sets = {
        "bioasq": bioasq_rows(options.bioasq, disguise, chance),
        "medquad": medquad_rows(options.medquad, disguise, chance),
        "own": own_rows(options.bioasq, options.medquad),
    }
    print({name: len(rows) for name, rows in sets.items()}, flush=True)
    limits = {}
    for rows in sets.values():
        for row in rows:
            limits.update(dict.fromkeys(row.wordings, _QUESTION_TOKENS))
            limits.update({text: _PASSAGE_TOKENS for _, text in (*row.answers, *row.others)})
    States.of(limits).write(options.out)
    rows = {name: [[*row[:3], sorted(row.keys)] for row in found] for name, found in sets.items()}
    (options.out / "rows.json").write_text(json.dumps(rows), encoding="utf-8")


class Head(torch.nn.Module):
    """The head as `sequitur.adapters.heads` exports it, with the scale and shift of the logistic loss beside it."""

    def __init__(self) -> None:
        """Begin from the embedder's own last layers."""
        super().__init__()
        model = AutoModel.from_pretrained(
            str(model_folder("all-MiniLM-L6-v2")),
            local_files_only=True,
            attn_implementation="eager",
            hidden_dropout_prob=0.0,  # two layers and some thousand questions: what they learn is too little, not too much
            attention_probs_dropout_prob=0.0,
        )
        self.layers = model.encoder.layer[-LAYERS:]
        self.proj = torch.nn.Linear(_WIDTH_OF_STATES, WIDTH, bias=False)
        self.weigh = torch.nn.Linear(_WIDTH_OF_STATES, 1)
        self.logistic = torch.nn.Parameter(torch.tensor([12.0, -6.0]))
        torch.nn.init.orthogonal_(self.proj.weight)
        torch.nn.init.zeros_(self.weigh.weight)
        torch.nn.init.constant_(self.weigh.bias, 0.54)  # softplus of it is 1

    def tokens(self, states: States, texts: Sequence[str], limit: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Unit token vectors, weights and mask; texts of like length go together, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda place: states.size(texts[place]))
        parts = []
        for start in range(0, len(order), _PART):
            middle, mask = states.get([texts[place] for place in order[start : start + _PART]], limit)
            hidden = (~mask)[:, None, None, :].float() * -1e4
            with torch.autocast("cpu", dtype=torch.bfloat16):
                for layer in self.layers:
                    middle = layer(middle, attention_mask=hidden)
                    middle = middle[0] if isinstance(middle, tuple) else middle
            middle = middle.float()
            parts.append((normalize(self.proj(middle), dim=-1), softplus(self.weigh(middle)).squeeze(-1) * mask, mask))
        longest = max(part[1].shape[1] for part in parts)
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        padded = [[pad(one, (0, 0) * (one.dim() - 2) + (0, longest - one.shape[1])) for one in part] for part in parts]
        vectors, weights, mask = (torch.cat(column)[back] for column in zip(*padded, strict=True))
        return vectors, weights, mask


def scores(questions: tuple[torch.Tensor, ...], passages: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Of every question with every passage: the weighted mean over the question's tokens of the best match."""
    (tokens, weights, _), (others, _, mask) = questions, passages
    best = torch.einsum("qtd,psd->qpts", tokens, others).masked_fill(~mask[None, :, None, :], -1e4).amax(dim=-1)
    return (best * weights[:, None, :]).sum(dim=-1) / weights.sum(dim=-1)[:, None].clamp(min=1e-6)


class Batch(NamedTuple):
    """Questions, the answered ones first, passages, which other passages answer each answered one, and what is said within documents: 1, 0, or -1 for nothing."""

    questions: list[str]
    passages: list[str]
    known: list[list[bool]]
    within: list[list[int]]


def draw(sets: dict[str, list[Row]], chance: random.Random) -> Batch:
    """A batch of one source."""
    name = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
    rows = chance.sample([row for row in sets[name] if row.answers], _BATCH)
    unanswered = chance.sample([row for row in sets[name] if not row.answers], _UNANSWERED) if name == "own" else []
    passages = [chance.choice(row.answers) for row in rows]
    whose = list(range(len(rows)))
    for place, row in enumerate([*rows, *unanswered]):
        chosen = chance.sample(row.others, min(2 if row.answers else 3, len(row.others)))
        passages += chosen
        whose += [place] * len(chosen)
    questions = [row.wordings[chance.random() >= _TYPED] for row in (*rows, *unanswered)]
    known = [[j != i and key in row.keys for j, (key, _) in enumerate(passages)] for i, row in enumerate(rows)]
    within = [
        [int(key in row.keys) if whose[j] == i else -1 for j, (key, _) in enumerate(passages)] for i, row in enumerate((*rows, *unanswered))
    ]
    return Batch(questions, [text for _, text in passages], known, within if name == "own" else [])


def loss_of(head: Head, states: States, batch: Batch) -> torch.Tensor:
    """Softmax over the batch's passages, and within documents half as much of a logistic loss."""
    found = scores(head.tokens(states, batch.questions, _QUESTION_TOKENS), head.tokens(states, batch.passages, _PASSAGE_TOKENS))
    known = torch.tensor(batch.known)
    loss = cross_entropy((_SCALE * found[: len(known)]).masked_fill(known, -1e4), torch.arange(len(known)))
    if batch.within:
        said = torch.tensor(batch.within)
        right = said[said >= 0].float()
        odds = (head.logistic[0] * found + head.logistic[1])[said >= 0]
        loss = loss + 0.5 * binary_cross_entropy_with_logits(odds, right, weight=1 + 1.5 * right)
    return loss


class Asked(NamedTuple):
    """A question under an article, in two wordings, and what the article's passages are to it."""

    wordings: tuple[str, str]  # as it is searched for, and in clean words
    answers: frozenset[str]
    partly: frozenset[str]  # answer a part of it, or might be taken to: never used
    misleading: tuple[str, ...]  # seem to answer it
    near: tuple[str, ...]  # are found first and do not answer, best first


class Ground(NamedTuple):
    """The questions of one article; `answered` and `open` ones, whose answer stands nowhere in it."""

    answered: list[Asked]
    open: list[Asked]


def grounds(head: Head) -> tuple[list[Ground], States]:
    """The dev halves of all gold and the judged questions, by article, with the states of all their texts."""
    asked: dict[str, list[Asked]] = defaultdict(list)
    passages: dict[str, list[str]] = {}
    settings = load_settings()
    own = Place(HOME, assemble(settings), load_cases(GOLD, "dev"))
    with places(settings, "dev") as others:
        for place in (own, *others):
            index = place.assembly.index
            texts = [index_text(index.documents[passage.document_id], passage).strip() for passage in index.passages]
            asked[place.name] += [found for case in place.cases for found in _gold(place, case, texts)]
            asked[place.name] += _read(reading(place.name), texts, place.assembly)
            passages[place.name] = texts
    for file in sorted(READING.glob("*.txt")):
        passages[file.stem] = file.read_text(encoding="utf-8").splitlines()
        asked[file.stem] += _read(file.with_suffix(".jsonl"), passages[file.stem])
    limits = {text: _HARD_TOKENS for own in passages.values() for text in own}
    limits |= {text: _HARD_QUESTION_TOKENS for own in asked.values() for one in own for text in one.wordings}
    states = States.of(limits)
    found = []
    for name, questions in asked.items():
        complete = list(_with_near(head, states, questions, passages[name]))
        found.append(Ground([one for one in complete if one.answers], [one for one in complete if not one.answers]))
    return [ground for ground in found if len(ground.answered) >= _ANSWERED], states


def _gold(place: Place, case: Case, texts: Sequence[str]) -> Iterator[Asked]:
    """A case of the gold before the candidates that the ordering in force puts first."""
    if case.outcome not in {"answer", "abstain"} or not (query := last_query(place.assembly, case.turns)).readings:
        return
    pool = candidates(query, place.assembly.index, place.assembly.embedder)
    carried = carriers_of(place.assembly, case, pool.rows) if case.outcome == "answer" else ()
    right = np.any([np.zeros(len(pool.rows), dtype=bool), *carried], axis=0)
    order = np.argsort(-(pool.values @ np.array(list(WEIGHTS.values()))), kind="stable")[:_HARD]
    wrong = [texts[pool.rows[at]] for at in order if not right[at]]
    if right.any() or case.outcome == "abstain":
        answers = frozenset(texts[pool.rows[at]] for at in np.flatnonzero(right))
        yield Asked((query.conversed, case.standalone), answers, frozenset(), tuple(wrong[:4]), tuple(wrong[4:]))


def _read(file: Path, passages: Sequence[str], assembly: Assembly | None = None) -> Iterator[Asked]:
    """The questions of a file, none where there is no such file; with the article at hand in the words that are searched for."""
    texts = {passage_digest(text): text for text in passages}
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines() if file.is_file() else ()):
        answers, partly, misleading = ([texts[key] for key in row[name] if key in texts] for name in ("answers", "partly", "misleading"))
        if len(answers) < len(row["answers"]):  # the article has changed since
            continue
        turns = (*row.get("turns", ()), row["question"])
        query = last_query(assembly, turns) if assembly else None
        searched = query.conversed if query and query.readings else typed(row)
        yield Asked((searched, row["clean"]), frozenset(answers), frozenset(partly), tuple(misleading), ())


def _with_near(head: Head, states: States, asked: Sequence[Asked], texts: Sequence[str]) -> Iterator[Asked]:
    """Questions with what the head itself finds first, where nothing better is known."""
    with torch.no_grad():
        held, _, counted = head.tokens(states, texts, _HARD_TOKENS)
        tokens = held[counted].numpy()
        starts = np.cumsum([0, *counted.sum(dim=1).tolist()[:-1]])
        for at in range(0, len(asked), _PART):
            part = asked[at : at + _PART]
            vectors, weights, _ = head.tokens(states, [one.wordings[0] for one in part], _HARD_QUESTION_TOKENS)
            for one, own, heavy in zip(part, vectors.numpy(), weights.numpy(), strict=True):
                if one.near:
                    yield one
                    continue
                found = np.maximum.reduceat(tokens @ own.T, starts, axis=0) @ heavy
                first = (texts[place] for place in np.argsort(-found)[:_HARD])
                yield one._replace(near=tuple(text for text in first if text not in one.answers | one.partly))


def ground_loss(head: Head, states: States, drawn: Sequence[Ground], chance: random.Random) -> torch.Tensor:
    """Over the questions and the passages of some articles, all against all.

    Of each answered question a softmax over the passages; of each passage that answers a softmax over its article's questions, those without an answer among
    them, half as much; and a logistic loss within each article, half as much. The words that are searched for also learn how the clean ones score their
    article's passages (distillation: Hinton, Vinyals and Dean, 2015), answered or not.
    """
    questions, owners = [], []
    passages: dict[tuple[int, str], None] = {}
    for number, ground in enumerate(drawn):
        for one in chance.sample(ground.answered, _ANSWERED) + chance.sample(ground.open, min(_OPEN, len(ground.open))):
            questions.append(one)
            owners.append(number)
            some = chance.sample(sorted(one.answers), min(2, len(one.answers))) + chance.sample(one.misleading, min(3, len(one.misleading)))
            some += [*one.near[:2], *chance.sample(one.near[2:], min(3, len(one.near[2:])))]
            passages.update(dict.fromkeys((number, text) for text in some))
    texts = [text for _, text in passages]
    held = head.tokens(states, texts, _HARD_TOKENS)
    searched, clean = (
        scores(head.tokens(states, wordings, _HARD_QUESTION_TOKENS), held)
        for wordings in zip(*(one.wordings for one in questions), strict=True)
    )
    right = torch.tensor(
        [[number == owner and text in one.answers for number, text in passages] for one, owner in zip(questions, owners, strict=True)]
    )
    unsure = torch.tensor([[text in one.partly for text in texts] for one in questions])
    within = torch.tensor([[number == owner for number, _ in passages] for owner in owners])
    told = softmax((_SCALE * clean.detach()).masked_fill(~within, -1e4), dim=1)
    alike = kl_div(log_softmax((_SCALE * searched).masked_fill(~within, -1e4), dim=1), told, reduction="batchmean")
    return _told(head, searched, right, unsure, within) + _CLEAN * _told(head, clean, right, unsure, within) + _ALIKE * alike


def _told(head: Head, found: torch.Tensor, right: torch.Tensor, unsure: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
    """The three losses of one wording's scores; all of shape (questions, passages)."""
    odds = (_SCALE * found).masked_fill(unsure, -1e4)
    answering, answered = right.any(dim=0), right.any(dim=1)
    loss = _softmax(odds[answered], right[answered], 1) + 0.5 * _softmax(
        odds.masked_fill(~within, -1e4)[:, answering], right[:, answering], 0
    )
    said = within & ~unsure
    truth = right[said].float()
    return loss + 0.5 * binary_cross_entropy_with_logits((head.logistic[0] * found + head.logistic[1])[said], truth, weight=1 + 4 * truth)


def _softmax(odds: torch.Tensor, right: torch.Tensor, dim: int) -> torch.Tensor:
    return (torch.logsumexp(odds, dim) - torch.logsumexp(odds.masked_fill(~right, -1e4), dim)).mean()


def stored_rows(folder: Path) -> dict[str, list[Row]]:
    """What `write_states` wrote beside the states."""
    stored = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    return {
        name: [
            Row((first, second), tuple(map(tuple, answers)), tuple(map(tuple, others)), frozenset(keys))
            for (first, second), answers, others, keys in rows
        ]
        for name, rows in stored.items()
    }


def train(options: argparse.Namespace) -> None:
    """Train for a number of steps and write the head as half floats."""
    chance = random.Random(options.seed)
    torch.manual_seed(options.seed)
    states, sets = States.read(options.folder), stored_rows(options.folder)
    head = Head()
    _steps(head, options, 10.0, lambda: loss_of(head, states, draw(sets, chance)))
    _write(head, options.out)


def harden(options: argparse.Namespace) -> None:
    """Go on with a head on questions under articles, against what is found first there."""
    chance = random.Random(options.seed)
    torch.manual_seed(options.seed)
    head = Head()
    begun = {name: weights.float() for name, weights in load_file(options.begun).items()}
    head.load_state_dict(begun, strict=False)
    states, sets, (found, hard) = States.read(options.folder), stored_rows(options.folder), grounds(head)
    shares = [(len(ground.answered) + len(ground.open)) ** _TEMPER for ground in found]

    def pooled(texts: Sequence[str]) -> torch.Tensor:
        vectors, weights, _ = head.tokens(hard, texts, _HARD_QUESTION_TOKENS)
        return normalize((vectors * weights[..., None]).sum(dim=1), dim=-1)

    circles = [
        (circle([*ground.answered, *ground.open], pooled), share) for ground, share in zip(found, shares, strict=True) if options.alike
    ]

    def loss() -> torch.Tensor:
        kind = chance.random()
        if kind < _OLD:
            return loss_of(head, states, draw(sets, chance))
        if kind < _OLD + options.alike:
            return alike_loss(chance.choices([one for one, _ in circles], [share for _, share in circles])[0], pooled, chance)
        return ground_loss(head, hard, _two(found, shares, chance), chance)

    _steps(head, options, 3.0, loss)
    with torch.no_grad():
        for name, weights in head.named_parameters():
            if name in begun:
                weights.lerp_(begun[name], options.kept)
    _write(head, options.out)


def _two(found: Sequence[Ground], shares: Sequence[float], chance: random.Random) -> list[Ground]:
    """Two different articles, by their shares."""
    first = chance.choices(found, shares)[0]
    others = [ground for ground in found if ground is not first]
    return [first, chance.choices(others, [share for ground, share in zip(found, shares, strict=True) if ground is not first])[0]]


def _steps(head: Head, options: argparse.Namespace, faster: float, loss_now: Callable[[], torch.Tensor]) -> None:
    """Train a head; what stands on its layers learns so much `faster`."""
    torch.set_num_threads(options.threads)
    layers = [weights for name, weights in head.named_parameters() if name.startswith("layers")]
    rest = [weights for name, weights in head.named_parameters() if not name.startswith("layers")]
    optimizer = torch.optim.AdamW([{"params": layers, "times": 1.0}, {"params": rest, "times": faster}], lr=options.rate, weight_decay=0.01)
    head.train()
    started, losses = time.monotonic(), []
    for step in range(options.steps):
        done = step / options.steps
        for group in optimizer.param_groups:
            group["lr"] = options.rate * group["times"] * min(1.0, (done + 1e-3) / 0.05) * max(0.03, 1.0 - done)
        loss = loss_now()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 25 == 24:
            print(f"step {step + 1}, {time.monotonic() - started:.0f} s, loss {sum(losses[-50:]) / len(losses[-50:]):.3f}", flush=True)


def _write(head: Head, target: Path) -> None:
    with (model_folder("all-MiniLM-L6-v2") / "model.safetensors").open("rb") as file:
        base = hashlib.file_digest(file, "sha256").hexdigest()
    weights = {name: value.half().contiguous() for name, value in head.state_dict().items() if name != "logistic"}
    save_file(weights, target, {"format": "pt", "base": base})


def main() -> None:
    """Work out states, train, or go on with training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands: Any = parser.add_subparsers(dest="command", required=True)
    working = commands.add_parser("states")
    working.add_argument("--bioasq", type=Path, required=True)
    working.add_argument("--medquad", type=Path, required=True)
    training, hardening = commands.add_parser("train"), commands.add_parser("harden")
    hardening.add_argument("--from", dest="begun", type=Path, required=True)
    hardening.add_argument(
        "--kept", type=float, default=0.5, help="share of the weights begun with in what is written (Wortsman et al., ICML 2022)"
    )
    hardening.add_argument(
        "--alike", type=float, default=0.0, help="share of the steps that hold questions against questions (models/alike.py)"
    )
    for command, steps, rate in ((training, 400, 8e-5), (hardening, 1800, 8e-5)):
        command.add_argument("folder", type=Path)
        command.add_argument("--steps", type=int, default=steps)
        command.add_argument("--rate", type=float, default=rate)
        command.add_argument("--threads", type=int, default=2)
    for command in (working, training, hardening):
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    {"states": write_states, "train": train, "harden": harden}[options.command](options)


if __name__ == "__main__":
    main()
