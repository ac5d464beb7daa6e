"""The same questions' kinds on other articles: invented ones, each with its own gold. What was chosen on one article must hold on the next."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from evals.cases import Case, GoldError, load_cases
from evals.measures import Judged, judge
from evals.retrieval import carriers, found_within
from evals.systems import Asked, Whole
from ingest.build import build_index
from sequitur.assemble import Assembly, open_shelf
from sequitur.chat import Chat
from sequitur.settings import Settings

ARTICLES = (
    Path(__file__).parent / "audit" / "dev",
    Path(__file__).parent / "articles",
)  # those of the audit, whose claims are partly wrong, and others
GOLD = Path(__file__).parent / "gold" / "elsewhere"
HOME = "ketamine-neuropathic-pain"  # our own article


class Place(NamedTuple):
    """An article with what is needed to ask it, and its gold cases."""

    name: str
    assembly: Assembly
    cases: tuple[Case, ...]


@contextmanager
def places(
    settings: Settings, split: str | None = None, gold: Path = GOLD, articles: Sequence[Path] = ARTICLES
) -> Iterator[tuple[Place, ...]]:
    """The articles that have gold of a split, indexed apart from the user's own for as long as they are asked.

    Raises:
        GoldError: a gold file is malformed, or names no article of the folders.
    """
    files = sorted(gold.glob("*.jsonl"))
    homes = {file: next((folder / file.stem for folder in articles if (folder / file.stem).is_dir()), None) for file in files}
    astray = [file.name for file, home in homes.items() if home is None]
    if astray or not files:
        message = f"{gold}: no gold" if not files else f"there is no article for {', '.join(astray)} in {', '.join(map(str, articles))}"
        raise GoldError(message)
    with tempfile.TemporaryDirectory() as aside:
        corpus = Path(aside) / "corpus"
        corpus.mkdir()
        for file, home in homes.items():
            if home:
                (corpus / file.stem).symlink_to(home.resolve(), target_is_directory=True)
        own = settings.model_copy(update={"corpus": corpus, "index": str(Path(aside) / "index"), "article": ""})
        build_index(own)
        shelf = open_shelf(own)
        found = ((file.stem, tuple(case for case in load_cases(file) if split in {None, case.split})) for file in files)
        yield tuple(Place(name, shelf.about(name), cases) for name, cases in found if cases)


def ask(place: Place, settings: Settings) -> list[Judged]:
    """Every case of an article, asked and measured."""
    whole = Whole(Asked(Chat(place.assembly, settings)))
    index = place.assembly.index
    disclaimer = whole.ask.chat.article.disclaimer
    rows = []
    for case in place.cases:
        answer, ranked = whole.predict(case)
        carried = carriers(case, index.documents, index.passages)
        judged = judge(case, answer, index.documents, disclaimer)
        first = found_within(case, carried, ranked, 5)
        rows.append(replace(judged, evidence5=first, evidence10=found_within(case, carried, ranked, 10)))
    return rows
