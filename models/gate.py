"""Trains the emergency gate's head on CPU: the embedder's two last layers anew, with a line that says emergency and personal decision.

    python models/gate.py --out models/gate.safetensors [--folds 4]

Messages: evals/safety.jsonl, and the turns of the gold's dev halves, which are no emergencies. A message is read as the gate reads it, in parts, and is what its most
alarming part is; so is the loss, or nobody could say which sentence of a long emergency the emergency is. With `--folds` it is trained without each part of the messages
first, and what it says of those is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits, dropout
from transformers import AutoModel, AutoTokenizer

from evals.triage import GOLD, SAFETY, Message, figures, messages
from sequitur.adapters.heads import LAYERS, SHARPNESS
from sequitur.adapters.onnx import model_folder
from sequitur.triage import parts

_BASE = "all-MiniLM-L6-v2"
_BATCH = 24  # messages
_TOKENS = 128
_SHUFFLED = 480  # messages among which those of like length go together
_DROPPED = 0.1


class Gate(torch.nn.Module):
    """The embedder with the head that `sequitur.adapters.heads` exports; only the head learns."""

    def __init__(self) -> None:
        """Begin from the embedder's own last layers."""
        super().__init__()
        folder = str(model_folder(_BASE))
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.encoder = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager")
        self.out = torch.nn.Linear(self.encoder.config.hidden_size, 2)
        for weights in self.encoder.parameters():
            weights.requires_grad = False
        for weights in self.encoder.encoder.layer[-LAYERS:].parameters():
            weights.requires_grad = True

    def forward(self, said: Sequence[Sequence[str]]) -> torch.Tensor:
        """Log-odds of (emergency, personal) of messages given in parts, shape (messages, 2)."""
        texts = [part for message in said for part in message]
        given = self.tokenizer(texts, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
        states = self.encoder(**given).last_hidden_state
        mask = given["attention_mask"][:, :, None]
        pooled = (states * mask).sum(dim=1) / mask.sum(dim=1)
        odds = self.out(SHARPNESS * dropout(pooled, _DROPPED, self.training))
        return torch.stack([own.amax(dim=0) for own in odds.split([len(message) for message in said])])


def train(found: Sequence[Message], options: argparse.Namespace) -> Gate:
    """Train on all of the messages."""
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    gate = Gate()
    layers = list(gate.encoder.encoder.layer[-LAYERS:].parameters())
    optimizer = torch.optim.AdamW(
        [{"params": layers, "times": 1.0}, {"params": gate.out.parameters(), "times": 10.0}], lr=options.rate, weight_decay=0.01
    )
    read = [(parts(message.text), message.label) for message in found]
    read = [(said, label) for said, label in read if said]
    steps, done, started = options.epochs * -(-len(read) // _BATCH), 0, time.monotonic()
    gate.train()
    for epoch in range(options.epochs):
        total = 0.0
        for batch in _batches(read, chance):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * group["times"] * min(1.0, (done + 1) / (0.1 * steps)) * max(0.02, 1.0 - done / steps)
            wanted = torch.tensor([[label == "emergency", label == "personal"] for _, label in batch]).float()
            sure = torch.tensor([[1.0, float(label != "harmless")] for _, label in batch])
            loss = binary_cross_entropy_with_logits(gate([said for said, _ in batch]), wanted, weight=sure)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(gate.parameters(), 1.0)
            optimizer.step()
            done += 1
            total += loss.item()
        print(f"epoch {epoch + 1}, {time.monotonic() - started:.0f} s, loss {total / (steps / options.epochs):.4f}", flush=True)
    return gate.eval()


def _batches(read: list[tuple[list[str], str]], chance: random.Random) -> list[list[tuple[list[str], str]]]:
    """All messages once, in chance order, those of like length together."""
    mixed = chance.sample(read, len(read))
    found = []
    for start in range(0, len(mixed), _SHUFFLED):
        block = sorted(mixed[start : start + _SHUFFLED], key=lambda row: max(map(len, row[0])))
        found += [block[at : at + _BATCH] for at in range(0, len(block), _BATCH)]
    return chance.sample(found, len(found))


def said_of(gate: Gate, found: Sequence[Message]) -> Any:  # noqa: ANN401 - a NumPy array
    """Log-odds of messages, shape (messages, 2)."""
    with torch.no_grad():
        return np.stack([gate([parts(message.text) or ["."]])[0].numpy() for message in found])


def write(gate: Gate, target: Path) -> None:
    """The head as half floats, with the embedder it belongs to."""
    with (model_folder(_BASE) / "model.safetensors").open("rb") as file:
        base = hashlib.file_digest(file, "sha256").hexdigest()
    state = {f"layers.{name}": value for name, value in gate.encoder.encoder.layer[-LAYERS:].state_dict().items()}
    state |= {f"out.{name}": value for name, value in gate.out.state_dict().items()}
    save_file({name: value.half().contiguous() for name, value in state.items()}, target, {"format": "pt", "base": base})


def main() -> None:
    """Train, and before it look at what is caught of messages that were not trained on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--safety", type=Path, default=SAFETY)
    parser.add_argument("--gold", type=Path, default=GOLD)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = messages(options.safety, options.gold)
    print(f"{len(found):,} messages", flush=True)
    if options.folds:
        fold = [int(hashlib.sha256(message.text.encode()).hexdigest(), 16) % options.folds for message in found]
        odds = np.zeros((len(found), 2))
        for number in range(options.folds):
            gate = train([message for message, own in zip(found, fold, strict=True) if own != number], options)
            held = [place for place, own in enumerate(fold) if own == number]
            odds[held] = said_of(gate, [found[place] for place in held])
        np.save(options.out.with_suffix(".held.npy"), odds)
        print(figures(found, odds), flush=True)
    write(train(found, options), options.out)


if __name__ == "__main__":
    main()
