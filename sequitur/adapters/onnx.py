"""The serving embedder: a sentence-transformers model as int8 ONNX, run by onnxruntime without torch.

The model is exported once from its safetensors (`torch.onnx`, dynamic per-channel quantisation) and cached by the hash of its weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sequitur.adapters.exported import EXPORT_VERSION, exported_folder, model_folder
from sequitur.errors import ModelError
from sequitur.ports import Vectors

_MAX_TOKENS = 256
_BATCH = 32


class OnnxEmbedder:
    """Mean-pooled, normalised sentence vectors from a cached int8 model."""

    def __init__(self, folder: Path) -> None:
        """Open an exported model folder.

        Raises:
            ModelError: a file is missing or is not the one that was exported.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            card = json.loads((folder / "export.json").read_text(encoding="utf-8"))
            for name, digest in card["files"].items():
                if _sha256(folder / name) != digest:
                    message = f"the embedding model {folder / name} is damaged: delete {folder} and run `sequitur ingest`"
                    raise ModelError(message)
            self.fingerprint: str = card["fingerprint"]
            self.dimension: int = card["dimension"]
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            options.intra_op_num_threads = os.cpu_count() or 1
            self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, KeyError, ValueError) as error:
            message = f"the embedding model in {folder} cannot be opened ({error}): delete that folder and run `sequitur ingest`"
            raise ModelError(message) from error
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a handful of short texts: threads cost more than they bring
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension). Batches are sorted by length so that little is padded."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = self._embed_batch([texts[number] for number in batch])
        return vectors

    def english(self) -> dict[str, int]:
        """Whole words the tokenizer knows, with their place in its vocabulary, which is sorted by frequency in everyday English."""
        return {word: place for word, place in self._tokenizer.get_vocab().items() if word.isalpha() and word.isascii()}

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([row.ids for row in encoded], dtype=np.int64)
        mask = np.array([row.attention_mask for row in encoded], dtype=np.int64)
        states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled / np.maximum(norms, 1e-12), dtype=np.float32)


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
        _quantize(aside / "float.onnx", aside / "model.onnx")
        (aside / "float.onnx").unlink()
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
