"""How well the audit tells planted discrepancies from claims that their sources carry, on invented articles.

A folder holds `article.txt`, `references/` and `labels.jsonl`: for each claim "carried", or what was done to it (dose, arms, direction, population,
horizon, grade, negation, …). The references are written after real abstracts in other words; authors and numbers of pages are invented.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from ingest.build import build_index
from sequitur.adapters.embedders import open_embedder
from sequitur.audit import Audit, AuditVerdict, article_entry, audit_article
from sequitur.index import open_index
from sequitur.settings import Settings

FOLDER = Path(__file__).parent
CARRIED = "carried"


def audit_folder(place: Path, settings: Settings) -> Audit:
    """The audit of one article folder, indexed apart from the user's own."""
    with tempfile.TemporaryDirectory() as aside:
        corpus = Path(aside) / "corpus"
        corpus.mkdir()
        (corpus / place.name).symlink_to(place.resolve(), target_is_directory=True)
        own = settings.model_copy(update={"corpus": corpus, "index": str(Path(aside) / "index")})
        build_index(own)
        index = open_index(own.index)
        return audit_article(index, article_entry(index, place.name), open_embedder(own.embedder, own.models).english())


def read_labels(place: Path) -> dict[str, str]:
    """What was done to each claim of an article folder, by the claim's words."""
    rows = (json.loads(line) for line in (place / "labels.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["claim"]: row["label"] for row in rows}


def measure(folder: Path, settings: Settings) -> dict[str, Any]:
    """Share of planted discrepancies not called supported, share of carried claims called anything else, by what was planted and by article.

    A claim whose source is missing was not checked: it counts as neither caught nor a false alarm, and is told apart.
    """
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    contradicted, carried, alarms, unchecked = 0, 0, 0, 0
    missed: list[str] = []
    for place in sorted(path for path in folder.iterdir() if (path / "labels.jsonl").is_file()):
        labels = read_labels(place)
        for chain in audit_folder(place, settings).chains:
            label = labels[chain.text]
            if chain.verdict is AuditVerdict.MISSING:
                unchecked += 1
            elif label == CARRIED:
                carried += 1
                alarms += chain.verdict is not AuditVerdict.SUPPORTED
            else:
                planted[label] += 1
                caught[label] += chain.verdict is not AuditVerdict.SUPPORTED
                contradicted += chain.verdict is AuditVerdict.CONTRADICTED
            wrong = chain.verdict is not AuditVerdict.MISSING and (label == CARRIED) != (chain.verdict is AuditVerdict.SUPPORTED)
            missed += [f"{place.name}: {label}: {chain.text} ({chain.verdict.value}: {chain.reason})"] if wrong else []
    return {
        "caught": round(caught.total() / max(1, planted.total()), 3),
        "contradicted": round(contradicted / max(1, planted.total()), 3),
        "planted": planted.total(),
        "false_alarms": round(alarms / max(1, carried), 3),
        "carried": carried,
        "source_missing": unchecked,
        "by_kind": {kind: [caught[kind], planted[kind]] for kind in sorted(planted)},
        "wrong": missed,
    }
