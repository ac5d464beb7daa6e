"""A finished run in the schemas of other tools: Ragas' `SingleTurnSample`, and the tasks of IBM's MTRAG with predictions. JSON Lines; neither package is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.cases import Case
from evals.store import Run, RunError
from sequitur.index import Index
from sequitur.schema import Passage

_CONTEXTS = 10  # MTRAG's format takes no more
_ANSWERABILITY = {"answer": "ANSWERABLE", "abstain": "UNANSWERABLE"}


def ragas(run: Run, cases: Mapping[str, Case], index: Index) -> Iterator[dict[str, Any]]:
    """A sample for each case: the question as it stands alone, the passages found, the answer, and the vital facts as the reference.

    Raises:
        RunError: the run is of other cases or of another index.
    """
    for case, prediction, found in _rows(run, cases, index):
        vital = [nugget for nugget in case.nuggets if nugget.vital]
        yield {
            "user_input": case.standalone if len(case.turns) > 1 else case.turns[0],
            "retrieved_contexts": [passage.text for passage in found],
            "retrieved_context_ids": [passage.id for passage in found],
            "reference_contexts": list(dict.fromkeys(evidence.quote for evidence in case.evidence)),
            "reference_context_ids": list(dict.fromkeys(evidence.document for evidence in case.evidence)),
            "response": unmarked(prediction["answer"]),
            "reference": " ".join(f"{nugget.text.rstrip('.')}." for nugget in vital),
        }


def mtrag(run: Run, cases: Mapping[str, Case], index: Index) -> Iterator[dict[str, Any]]:
    """A task for each case. Of the conversation only the user's turns are told: a run keeps the last answer alone.

    Raises:
        RunError: the run is of other cases or of another index.
    """
    collection = index.articles[0].article.document_id if index.articles else "corpus"
    for case, prediction, found in _rows(run, cases, index):
        vital = " ".join(f"{nugget.text.rstrip('.')}." for nugget in case.nuggets if nugget.vital)
        yield {
            "conversation_id": case.id,
            "task_id": f"{case.id}<::>{len(case.turns)}",
            "turn": str(len(case.turns)),
            "Collection": collection,
            "Answerability": [_ANSWERABILITY.get(case.outcome, "CONVERSATIONAL")],
            "Multi-Turn": ["Follow-up" if len(case.turns) > 1 else "N/A"],
            "input": [{"speaker": "user", "text": turn} for turn in case.turns],
            "contexts": [
                {
                    "document_id": passage.id,
                    "source": passage.document_id,
                    "score": round(1.0 / rank, 6),
                    "text": passage.text,
                    "title": index.documents[passage.document_id].title,
                }
                for rank, passage in enumerate(found, 1)
            ],
            "targets": [{"speaker": "agent", "text": vital}] if vital else [],
            "predictions": [{"text": unmarked(prediction["answer"])}],
        }


def unmarked(answer: str) -> str:
    """An answer's words without markers, bullets and escapes."""
    text = re.sub(r"\s*(?<!\\)\[\d{1,3}\]", "", answer)
    text = re.sub(r"^- ", "", text, flags=re.MULTILINE).replace("**", "")
    return re.sub(r"\\([\\`*_\[\]<>#|~$!])", r"\1", text).strip()


def _rows(run: Run, cases: Mapping[str, Case], index: Index) -> Iterator[tuple[Case, Mapping[str, Any], Sequence[Passage]]]:
    ranked = _ranked(run.folder / "run.trec")
    for prediction in run.predictions():
        case = cases.get(prediction["id"])
        if case is None:
            message = f"{run.folder}: the case {prediction['id']!r} is not in the gold set: give the one it was run with by --gold"
            raise RunError(message)
        ids = ranked.get(case.id, [])[:_CONTEXTS]
        strange = next((identity for identity in ids if identity not in index.by_id), None)
        if strange is not None:
            message = f"{run.folder}: the passage {strange!r} is not in the index: run it again"
            raise RunError(message)
        yield case, prediction, [index.by_id[identity] for identity in ids]


def _ranked(file: Path) -> dict[str, list[str]]:
    """Passages by case, best first, of a TREC run."""
    found: dict[str, list[tuple[int, str]]] = {}
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            query, _, document, rank, _, _ = line.split()
            found.setdefault(query, []).append((int(rank), document))
    except (OSError, ValueError) as error:
        message = f"{file} is missing or no TREC run: run it again"
        raise RunError(message) from error
    return {query: [document for _, document in sorted(rows)] for query, rows in found.items()}
