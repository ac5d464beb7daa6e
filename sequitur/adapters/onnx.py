"""The serving embedder: a sentence-transformers model as int8 ONNX, run by onnxruntime without torch.

The model is exported once from its safetensors (`torch.onnx`, dynamic per-channel quantisation) and cached by a stat of its weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sequitur.adapters import heads
from sequitur.adapters.exported import EXPORT_VERSION, exported_folder, model_folder
from sequitur.errors import ModelError
from sequitur.ports import WIDTH, Embedded, Vectors, packed

_MAX_TOKENS = 256
_BATCH = 32
_BATCH_CHARACTERS = 800  # of the texts of a batch, each padded to the longest: what a core's cache holds runs a third quicker than more
_FEW = 64  # texts up to which each is run by itself: its vector then depends on nothing beside it, and is kept
_KEPT = 4096  # vectors of single texts: words and earlier questions come again
_STATES_KEPT = 32  # states of single texts: the question just embedded is held token by token next
_QUESTION_TOKENS = 64  # of a question that are held against passages
_HEAD_MARK = "-late-"  # before a head's digest in a fingerprint
_CORES = os.cpu_count() or 1


class OnnxEmbedder:
    """Mean-pooled, normalised sentence vectors from a cached int8 model. One text or batch takes one core; several share them all."""

    def __init__(self, folder: Path) -> None:
        """Open an exported model folder.

        Raises:
            ModelError: a file is missing or is not the one that was exported.
        """
        from tokenizers import Tokenizer

        try:
            card = json.loads((folder / "export.json").read_text(encoding="utf-8"))
            self.fingerprint: str = card["fingerprint"]
            self.encoder = self.fingerprint.partition(_HEAD_MARK)[0]
            self.dimension: int = card["dimension"]
            with ThreadPoolExecutor(1) as aside:  # neither hashing nor opening the model holds the interpreter
                session = aside.submit(
                    lambda: {
                        name: _session(_sound(folder, f"{name}.onnx", card))
                        for name in ("model", *heads.HEADS)
                        if f"{name}.onnx" in card["files"]
                    }
                )
                self._tokenizer = Tokenizer.from_file(str(_sound(folder, "tokenizer.json", card)))
                self._sessions = session.result()
                self.late: bool = "late" in self._sessions
        except (OSError, KeyError, ValueError) as error:
            message = f"the embedding model in {folder} cannot be opened ({error}): delete that folder and run `sequitur ingest`"
            raise ModelError(message) from error
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a handful of short texts: threads cost more than they bring
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._states = lru_cache(maxsize=_STATES_KEPT)(self._states_of)
        self._single = lru_cache(maxsize=_KEPT)(lambda ids: _pooled(self._states(ids)[0], np.ones((1, len(ids)), dtype=np.int64))[0])
        self._pool = ThreadPoolExecutor(_CORES, thread_name_prefix="embed")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension). Many texts run in batches, sorted by length so that little is padded."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if len(texts) <= _FEW:
            for place, vector in enumerate(self._mapped(self._single, [tuple(self._tokenizer.encode(text).ids) for text in texts])):
                vectors[place] = vector
            return vectors
        for batch, found in self._in_batches(texts, self._embed_batch):
            vectors[batch] = found
        return vectors

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's unit vector with the vectors of its tokens; only for a model with a late-interaction head."""
        found: dict[int, Embedded] = {}
        for batch, made in self._in_batches(texts, self._tokens_batch):
            found.update(zip(batch, made, strict=True))
        return [found[place] for place in range(len(texts))]

    def question_tokens(self, text: str) -> Vectors:
        """The vectors of a question's tokens, each as long as the token weighs, their lengths together 1; shape (tokens, width), (0, width) without a head."""
        if not self.late:
            return np.zeros((0, WIDTH), dtype=np.float32)
        ids = tuple(self._tokenizer.encode(text).ids)
        middle = self._states(ids)[1][:, :_QUESTION_TOKENS]
        tokens, weights = self._of_middle("late", middle)
        return np.asarray(tokens[0] * (weights[0] / weights[0].sum())[:, None], dtype=np.float32)

    def question_vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of whole questions, the means of those tokens: shape (len(texts), WIDTH), (0, WIDTH) without a head."""
        vectors = np.zeros((len(texts) if self.late else 0, WIDTH), dtype=np.float32)
        for batch, found in self._in_batches(texts, self._questions_batch) if len(vectors) else ():
            vectors[batch] = found
        return vectors

    def danger(self, texts: Sequence[str]) -> Vectors:
        """Log-odds of each text being an emergency, and a personal decision; shape (len(texts), 2), (0, 2) without a head."""
        if "gate" not in self._sessions or not texts:
            return np.zeros((0, 2), dtype=np.float32)
        given = [tuple(self._tokenizer.encode(text).ids) for text in texts]
        return np.concatenate(list(self._mapped(lambda ids: self._of_middle("gate", self._states(ids)[1])[0], given)))

    def english(self) -> Mapping[str, int]:
        """Whole words the tokenizer knows, with their place in its vocabulary, which is sorted by frequency in everyday English."""
        return _English(self._tokenizer)

    def _of_middle(self, head: str, middle: Vectors) -> list[Vectors]:
        """What a head says of the states of one text."""
        found: list[Vectors] = self._sessions[head].run(
            None, {"middle": middle, "attention_mask": np.ones(middle.shape[:2], dtype=np.int64)}
        )
        return found

    def _mapped(self, run: Callable[[Any], Vectors], parts: Sequence[Any]) -> Iterable[Vectors]:
        return self._pool.map(run, parts) if len(parts) > 1 else map(run, parts)

    def _in_batches(self, texts: Sequence[str], run: Callable[[list[str]], Any]) -> Iterable[tuple[list[int], Any]]:
        """What each batch of texts gives, with the places of its texts."""
        batches = list(_batches(texts))
        return zip(batches, self._mapped(run, [[texts[number] for number in batch] for batch in batches]), strict=True)

    def _states_of(self, ids: tuple[int, ...]) -> list[Vectors]:
        given = np.array([ids], dtype=np.int64)
        return self._run(given, np.ones_like(given))

    def _encoded(self, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        encoded = self._tokenizer.encode_batch(texts)
        return (
            np.array([row.ids for row in encoded], dtype=np.int64),
            np.array([row.attention_mask for row in encoded], dtype=np.int64),
        )

    def _embed_batch(self, texts: list[str]) -> Vectors:
        ids, mask = self._encoded(texts)
        return _pooled(self._run(ids, mask)[0], mask)

    def _tokens_batch(self, texts: list[str]) -> list[Embedded]:
        ids, mask = self._encoded(texts)
        states, *middle = self._run(ids, mask)
        vectors = _pooled(states, mask)
        tokens = self._sessions["late"].run(["tokens"], {"middle": middle[0], "attention_mask": mask})[0]
        return [Embedded(vector, packed(own[: int(size)])) for vector, own, size in zip(vectors, tokens, mask.sum(axis=1), strict=True)]

    def _questions_batch(self, texts: list[str]) -> Vectors:
        ids, mask = (part[:, :_QUESTION_TOKENS] for part in self._encoded(texts))
        tokens, weights = self._sessions["late"].run(None, {"middle": self._run(ids, mask)[1], "attention_mask": mask})
        means = np.einsum("qtd,qt->qd", tokens, weights * mask)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)

    def _run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> list[Vectors]:
        """The last states, and with a head those it begins from."""
        found: list[Vectors] = self._sessions["model"].run(None, {"input_ids": ids, "attention_mask": mask})
        return found


def _pooled(states: Vectors, mask: NDArray[np.int64]) -> Vectors:
    """Unit vectors: the mean of the states that count."""
    weights = mask[:, :, None].astype(np.float32)
    pooled = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(pooled / np.maximum(norms, 1e-12), dtype=np.float32)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Numbers of texts of like length, fewer together where they are long: two batches are in memory at once."""
    batch: list[int] = []
    for number in sorted(range(len(texts)), key=lambda number: len(texts[number])):
        if batch and (len(batch) == _BATCH or (len(batch) + 1) * len(texts[number]) > _BATCH_CHARACTERS):
            yield batch
            batch = []
        batch.append(number)
    yield batch


class _English(Mapping[str, int]):
    """A tokenizer's whole words with their places, commonest first; looked up there rather than copied."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - a tokenizers.Tokenizer
        self._tokenizer = tokenizer

    def __getitem__(self, word: str) -> int:
        place = self._tokenizer.token_to_id(word) if word.isalpha() and word.isascii() else None
        if place is None:
            raise KeyError(word)
        return int(place)

    def __iter__(self) -> Iterator[str]:
        found = (self._tokenizer.id_to_token(place) for place in range(self._tokenizer.get_vocab_size()))
        return (word for word in found if word and word.isalpha() and word.isascii())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _session(path: Path) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
    """The model, to be run from several threads at once, each on its own core: dividing one short text costs more than it brings."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _sound(folder: Path, name: str, card: Mapping[str, Any]) -> Path:
    """A file of an exported model, which is the one that was exported.

    Raises:
        ModelError: it is not.
    """
    if _sha256(folder / name) != card["files"][name]:
        message = f"the embedding model {folder / name} is damaged: delete {folder} and run `sequitur ingest`"
        raise ModelError(message)
    return folder / name


def open_onnx(name: str, cache: Path) -> OnnxEmbedder:
    """The embedder `name`, exported on first use (needs torch, about 20 s) and cached below `cache`."""
    source = model_folder(name)
    folder = exported_folder(source, cache)
    if not (folder / "export.json").is_file():
        export_model(source, folder)
    return OnnxEmbedder(folder)


def export_model(source: Path, folder: Path) -> None:
    """Write a sentence-transformers folder as int8 ONNX to `folder`. Exported beside it and renamed, so that an interrupted export leaves nothing that looks whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="export-", dir=folder.parent))
    try:
        base = _sha256(source / "model.safetensors")
        parts = ["model", *(name for name in heads.HEADS if heads.fits(name, base))]
        dimension = _to_onnx(source, aside, parts)
        for name in parts:
            _quantize(aside / f"{name}-float.onnx", aside / f"{name}-int8.onnx")
            _optimize(aside / f"{name}-int8.onnx", aside / f"{name}.onnx")
            for step in ("float", "int8"):
                (aside / f"{name}-{step}.onnx").unlink()
        shutil.copyfile(source / "tokenizer.json", aside / "tokenizer.json")
        head = f"{_HEAD_MARK}{_sha256(heads.HEADS['late'])[:8]}" if "late" in parts else ""
        fingerprint = f"{base[:16]}-int8-mean-unit-{_MAX_TOKENS}-v{EXPORT_VERSION}{head}"
        files = {name: _sha256(aside / name) for name in (*(f"{part}.onnx" for part in parts), "tokenizer.json")}
        card = {"fingerprint": fingerprint, "dimension": dimension, "files": files}
        (aside / "export.json").write_text(json.dumps(card), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _to_onnx(source: Path, folder: Path, parts: Sequence[str]) -> int:
    """Write the float encoder and the heads there are; returns the vector length."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()

    encoder: Any = AutoModel.from_pretrained(str(source), local_files_only=True, attn_implementation="eager").eval()
    own = [name for name in parts if name in heads.HEADS]
    outputs = ["states", *(["middle"] if own else [])]

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401 - torch tensors
            found = self.encoder(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            return (found.last_hidden_state, found.hidden_states[-1 - heads.LAYERS])[: len(outputs)]

    sample = torch.ones((2, 8), dtype=torch.int64)
    _export(Encoder().eval(), {"input_ids": sample, "attention_mask": sample}, outputs, folder / "model-float.onnx")
    middle = torch.rand((2, 8, encoder.config.hidden_size))
    for name in own:
        _export(
            heads.build(name, encoder),
            {"middle": middle, "attention_mask": sample},
            list(heads.OUTPUTS[name]),
            folder / f"{name}-float.onnx",
        )
    return int(encoder.config.hidden_size)


def _export(module: Any, inputs: Mapping[str, Any], outputs: Sequence[str], target: Path) -> None:  # noqa: ANN401 - torch modules and tensors
    """Write a module as ONNX; the first two axes of everything are texts and tokens, but for what is said of whole texts."""
    import warnings

    import torch

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(target),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} if name in heads.OF_TEXTS else {0: "batch", 1: "tokens"} for name in (*inputs, *outputs)},
            opset_version=17,
            dynamo=False,
        )


def _quantize(source: Path, target: Path) -> None:
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # the quantiser advises pre-processing through the root logger
    quantize_dynamic(str(source), str(target), per_channel=True, weight_type=QuantType.QInt8)


def _optimize(source: Path, target: Path) -> None:
    """Write the graph as it would be optimised at every start: the same numbers, opened a third sooner."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED  # no layouts of this very processor
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
