"""The serving embedder: a sentence-transformers model as int8 ONNX, run by onnxruntime without torch.

The model is exported once from its safetensors (`torch.onnx`, dynamic per-channel quantisation) and cached by the hash of its weights.
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

from sequitur.adapters.exported import EXPORT_VERSION, exported_folder, model_folder
from sequitur.errors import ModelError
from sequitur.ports import Vectors

_MAX_TOKENS = 256
_BATCH = 32
_FEW = 64  # texts up to which each is run by itself: its vector then depends on nothing beside it, and is kept
_KEPT = 4096  # vectors of single texts: words and earlier questions come again
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
            self.dimension: int = card["dimension"]
            with ThreadPoolExecutor(1) as aside:  # neither hashing nor opening the model holds the interpreter
                session = aside.submit(lambda: _session(_sound(folder, "model.onnx", card)))
                self._tokenizer = Tokenizer.from_file(str(_sound(folder, "tokenizer.json", card)))
                self._session = session.result()
        except (OSError, KeyError, ValueError) as error:
            message = f"the embedding model in {folder} cannot be opened ({error}): delete that folder and run `sequitur ingest`"
            raise ModelError(message) from error
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a handful of short texts: threads cost more than they bring
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._single = lru_cache(maxsize=_KEPT)(self._run_one)
        self._pool = ThreadPoolExecutor(_CORES, thread_name_prefix="embed")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension). Many texts run in batches, sorted by length so that little is padded."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if len(texts) <= _FEW:
            for place, vector in enumerate(self._mapped(self._single, [tuple(self._tokenizer.encode(text).ids) for text in texts])):
                vectors[place] = vector
            return vectors
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        made = self._mapped(self._embed_batch, [[texts[number] for number in batch] for batch in batches])
        for batch, found in zip(batches, made, strict=True):
            vectors[batch] = found
        return vectors

    def english(self) -> Mapping[str, int]:
        """Whole words the tokenizer knows, with their place in its vocabulary, which is sorted by frequency in everyday English."""
        return _English(self._tokenizer)

    def _mapped(self, run: Callable[[Any], Vectors], parts: Sequence[Any]) -> Iterable[Vectors]:
        return self._pool.map(run, parts) if len(parts) > 1 else map(run, parts)

    def _run_one(self, ids: tuple[int, ...]) -> Vectors:
        given = np.array([ids], dtype=np.int64)
        vector: Vectors = self._run(given, np.ones_like(given))[0]
        return vector

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        return self._run(
            np.array([row.ids for row in encoded], dtype=np.int64), np.array([row.attention_mask for row in encoded], dtype=np.int64)
        )

    def _run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled / np.maximum(norms, 1e-12), dtype=np.float32)


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
        dimension = _to_onnx(source, aside / "float.onnx")
        _quantize(aside / "float.onnx", aside / "int8.onnx")
        _optimize(aside / "int8.onnx", aside / "model.onnx")
        for name in ("float.onnx", "int8.onnx"):
            (aside / name).unlink()
        shutil.copyfile(source / "tokenizer.json", aside / "tokenizer.json")
        fingerprint = f"{_sha256(source / 'model.safetensors')[:16]}-int8-mean-unit-{_MAX_TOKENS}-v{EXPORT_VERSION}"
        files = {name: _sha256(aside / name) for name in ("model.onnx", "tokenizer.json")}
        card = {"fingerprint": fingerprint, "dimension": dimension, "files": files}
        (aside / "export.json").write_text(json.dumps(card), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _to_onnx(source: Path, target: Path) -> int:
    """Write the float encoder; returns the vector length."""
    import warnings

    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()

    encoder: Any = AutoModel.from_pretrained(str(source), local_files_only=True, attn_implementation="eager").eval()

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401 - torch tensors
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    sample = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Encoder().eval(),
            (sample, sample),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["states"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "states": axes},
            opset_version=17,
            dynamo=False,
        )
    return int(encoder.config.hidden_size)


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
