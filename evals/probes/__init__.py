"""Robustness: what answers do when claims, passages, wordings, order or instructions are disturbed. Deterministic under a seed; dev cases alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evals.probes.adversarial import counterfactual, noise, poison
from evals.probes.ground import Finding, Ground, table
from evals.probes.injection import injection
from evals.probes.mutation import mutation
from evals.probes.order import order
from evals.probes.removal import removed_evidence
from evals.probes.wording import paraphrase
from sequitur.errors import SequiturError

__all__ = ["PROBES", "Finding", "Ground", "ProbeError", "probe", "table"]

PROBES: Mapping[str, Callable[[Ground], Finding]] = {
    "mutation": mutation,
    "poison": poison,
    "counterfactual": counterfactual,
    "noise": noise,
    "removed": removed_evidence,
    "paraphrase": paraphrase,
    "order": order,
    "injection": injection,
}


class ProbeError(SequiturError):
    """There is no probe of that name."""

    code = "bad-probe"
    exit_code = 2


def probe(names: Sequence[str], ground: Ground) -> Iterator[Finding]:
    """The findings of the named probes, or of all, one after the other.

    Raises:
        ProbeError: there is no probe of that name.
    """
    unknown = next((name for name in names if name not in PROBES), None)
    if unknown is not None:
        message = f"no probe {unknown!r}; there are {', '.join(PROBES)}"
        raise ProbeError(message)
    return (PROBES[name](ground) for name in names or PROBES)
