"""The late-interaction head: token vectors of questions and passages, from the middle of the packaged embedder.

A question's tokens are held one by one against a passage's, and each counts by its best match (ColBERT: Khattab and Zaharia, SIGIR 2020). The head is
the embedder's two last layers, trained anew for this by models/late.py, with a projection and a weight for each of a question's tokens; models/README.md
has the figures. It belongs to one embedder: with another one there are no token vectors, and the ordering does without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sequitur.ports import WIDTH

HEAD = Path(__file__).resolve().parent.parent.parent / "models" / "late.safetensors"
LAYERS = 2  # of the embedder's last layers, trained anew


def fits(base: str) -> bool:
    """Whether there is a head for the embedder whose weights have that sha256."""
    if not HEAD.is_file():
        return False
    from safetensors import safe_open

    with safe_open(str(HEAD), "np") as file:
        return bool((file.metadata() or {}).get("base") == base)


def build(encoder: Any) -> Any:  # noqa: ANN401 - torch modules
    """The head as a torch module over the states before the encoder's last layers: (states, mask) → unit token vectors and weights."""
    import copy

    import torch
    from safetensors.torch import load_file

    class Head(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = copy.deepcopy(encoder.encoder.layer[-LAYERS:])
            self.proj = torch.nn.Linear(encoder.config.hidden_size, WIDTH, bias=False)
            self.weigh = torch.nn.Linear(encoder.config.hidden_size, 1)

        def forward(self, middle: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            hidden = (1.0 - attention_mask[:, None, None, :].float()) * -1e4
            for layer in self.layers:
                middle = layer(middle, attention_mask=hidden)
                middle = middle[0] if isinstance(middle, tuple) else middle
            tokens = torch.nn.functional.normalize(self.proj(middle), dim=-1)
            return tokens, torch.nn.functional.softplus(self.weigh(middle)).squeeze(-1)

    head = Head()
    head.load_state_dict({name: weights.float() for name, weights in load_file(HEAD).items()})
    return head.eval()
