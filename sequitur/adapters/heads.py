"""What is trained on the packaged embedder's middle: its two last layers anew, once for token vectors and once for the gate.

The late-interaction head holds a question's tokens one by one against a passage's, each counting by its best match (ColBERT: Khattab and Zaharia, SIGIR 2020); models/late.py
trains it. The gate's head says of a message whether it is an emergency or a personal decision; models/gate.py trains it. models/README.md has the figures of both. They belong to one
embedder: with another one there are no token vectors, the ordering does without, and the gate's rules stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sequitur.ports import WIDTH

_MODELS = Path(__file__).resolve().parent.parent.parent / "models"
HEADS: Mapping[str, Path] = {"late": _MODELS / "late.safetensors", "gate": _MODELS / "gate.safetensors"}
LAYERS = 2  # of the embedder's last layers, trained anew
SHARPNESS = 3.0  # of the pooled states before the gate's line
OUTPUTS: Mapping[str, tuple[str, ...]] = {"late": ("tokens", "weights"), "gate": ("odds",)}
OF_TEXTS = frozenset({"odds"})  # outputs with a row for each text rather than for each of its tokens


def fits(name: str, base: str) -> bool:
    """Whether there is a head of that name for the embedder whose weights have that sha256."""
    if not HEADS[name].is_file():
        return False
    from safetensors import safe_open

    with safe_open(str(HEADS[name]), "np") as file:
        return bool((file.metadata() or {}).get("base") == base)


def build(name: str, encoder: Any) -> Any:  # noqa: ANN401 - torch modules
    """A head as a torch module over the states before the encoder's last layers.

    `late`: (states, mask) → unit token vectors and their weights. `gate`: (states, mask) → log-odds of (emergency, personal), shape (texts, 2).
    """
    import copy

    import torch
    from safetensors.torch import load_file

    width = encoder.config.hidden_size

    class Head(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = copy.deepcopy(encoder.encoder.layer[-LAYERS:])

        def states(self, middle: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            hidden = (1.0 - attention_mask[:, None, None, :].float()) * -1e4
            for layer in self.layers:
                middle = layer(middle, attention_mask=hidden)
                middle = middle[0] if isinstance(middle, tuple) else middle
            return middle

    class Late(Head):
        def __init__(self) -> None:
            super().__init__()
            self.proj = torch.nn.Linear(width, WIDTH, bias=False)
            self.weigh = torch.nn.Linear(width, 1)

        def forward(self, middle: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            states = self.states(middle, attention_mask)
            tokens = torch.nn.functional.normalize(self.proj(states), dim=-1)
            return tokens, torch.nn.functional.softplus(self.weigh(states)).squeeze(-1)

    class Gate(Head):
        def __init__(self) -> None:
            super().__init__()
            self.out = torch.nn.Linear(width, 2)

        def forward(self, middle: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            mask = attention_mask[:, :, None].float()
            pooled = (self.states(middle, attention_mask) * mask).sum(dim=1) / mask.sum(dim=1)
            return self.out(SHARPNESS * pooled)

    head = {"late": Late, "gate": Gate}[name]()
    head.load_state_dict({key: weights.float() for key, weights in load_file(HEADS[name]).items()})
    return head.eval()
