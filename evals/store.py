"""Run folders: what a run leaves on disk, and how it is read again.

`evals/runs/NAME/` holds summary.json, predictions.jsonl, judged.jsonl, run.trec, qrels.trec and, for each baseline, baselines/BASELINE/{judged.jsonl,run.trec}.
summary.json is written last, in one rename, with the checksums of the rest: without it, or with other checksums, a folder is no run. Until then progress.jsonl
holds the cases that are finished.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.cases import GoldError, json_rows
from evals.measures import Judged
from sequitur.errors import SequiturError
from sequitur.jsonvalue import from_json

RUNS = Path("evals/runs")


class RunError(SequiturError):
    """A run is missing, unfinished, damaged, or does not fit what is asked of it."""

    code = "bad-run"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run as read from its folder."""

    folder: Path
    summary: Mapping[str, Any]
    judged: tuple[Judged, ...]

    @property
    def name(self) -> str:
        """What it was called."""
        return self.folder.name

    def predictions(self) -> list[dict[str, Any]]:
        """The answers, in the order of the cases, without times."""
        return [value for _, value in json_rows(self.folder / "predictions.jsonl")]


def run_folder(name: str) -> Path:
    """Where the run of that name lies: below evals/runs, or the path itself where it has a slash.

    Raises:
        RunError: the name is no name.
    """
    if "/" in name:
        return Path(name)
    if not re.fullmatch(r"[\w][\w.-]*", name):
        message = f"{name!r} is no name of a run: use letters, digits, dots and hyphens"
        raise RunError(message)
    return RUNS / name


def open_run(name: str) -> Run:
    """A finished run.

    Raises:
        RunError: it is missing, was interrupted, or its files are not those it was finished with.
    """
    folder = run_folder(name)
    summary = _summary(folder)
    for file, digest in summary["files"].items():
        path = folder / file
        if not path.is_file() or _sha256(path) != digest:
            message = f"{path} is missing or not the file the run was finished with: run it again"
            raise RunError(message)
    try:
        judged = tuple(from_json(Judged, value) for _, value in json_rows(folder / "judged.jsonl"))
    except (TypeError, KeyError, ValueError, AttributeError, GoldError) as error:
        message = f"{folder / 'judged.jsonl'} is of another version: run it again ({error})"
        raise RunError(message) from error
    return Run(folder, summary, judged)


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    if not path.is_file():
        unfinished = (folder / "progress.jsonl").is_file()
        message = f"the run {folder} was interrupted: run it again to finish it" if unfinished else f"there is no run {folder}"
        raise RunError(message)
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: run it again"
        raise RunError(message) from error
    if not isinstance(summary, dict) or summary.get("complete") is not True or not isinstance(summary.get("files"), dict):
        message = f"{path} is no summary of a finished run: run it again"
        raise RunError(message)
    return summary


class Progress:
    """Finished cases of an interrupted run. A row counts only under the very key it was written with."""

    def __init__(self, folder: Path) -> None:
        """Opens `folder` for a run: what it held before is no finished run any more.

        Raises:
            RunError: another process is writing this run.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "progress.jsonl"
        self._sink = self._path.open("a", encoding="utf-8")
        try:
            fcntl.flock(self._sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._sink.close()
            message = f"the run {folder} is being written by another process: wait for it, or give another --name"
            raise RunError(message) from error
        (folder / "summary.json").unlink(missing_ok=True)
        self._known = {row["key"]: row for row in self._rows()}

    def _rows(self) -> list[dict[str, Any]]:
        """Whole rows alone; a line torn by the interruption is cut off, so that the next one starts afresh."""
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        self._sink.truncate(len(whole))
        return [json.loads(line) for line in whole.decode().splitlines()]

    def get(self, key: str) -> dict[str, Any] | None:
        """What is known of a case."""
        return self._known.get(key)

    def add(self, row: dict[str, Any]) -> None:
        """Write a finished case down at once."""
        self._sink.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._sink.flush()

    def close(self, *, finished: bool) -> None:
        """Stop; a finished run needs no progress."""
        if finished:
            self._path.unlink(missing_ok=True)
        self._sink.close()


def write_rows(path: Path, rows: Sequence[Any]) -> None:
    """JSON Lines of dataclasses or plain values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = [dataclasses.asdict(row) if dataclasses.is_dataclass(row) and not isinstance(row, type) else row for row in rows]
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")


def finish(folder: Path, summary: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Write summary.json with the checksums of the run's files, whole or not at all."""
    digests = {str(path.relative_to(folder)): _sha256(path) for path in files}
    write_whole(folder / "summary.json", {**summary, "files": digests, "complete": True})


def write_whole(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON file, written aside and renamed."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
