"""The serving embedder: unit vectors that mean something, from files that are exactly what was exported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from sequitur.adapters.embedders import open_embedder
from sequitur.adapters.heads import LAYERS, build
from sequitur.adapters.onnx import OnnxEmbedder, model_folder
from sequitur.errors import ModelError
from sequitur.index import Interaction
from sequitur.ports import WIDTH
from sequitur.settings import Settings


@pytest.fixture(scope="module")
def embedder(settings: Settings) -> OnnxEmbedder:
    return open_embedder(settings.embedder, settings.models)


@pytest.fixture
def exported(settings: Settings, embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    """A copy of the exported model to damage."""
    assert embedder.dimension
    source = next(
        path.parent for path in sorted(settings.models.glob("*/export.json")) if embedder.fingerprint in path.read_text(encoding="utf-8")
    )
    return Path(shutil.copytree(source, tmp_path / "model"))


def test_vectors_are_of_unit_length_and_single_precision(embedder):
    vectors = embedder.embed(["Ketamine.", "A longer sentence about neuropathic pain and its treatment.", ""])
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_the_same_texts_give_the_same_vectors(embedder):
    texts = ["Ketamine causes hallucinations.", "Duloxetine helps."]
    assert np.array_equal(embedder.embed(texts), embedder.embed(texts))


def test_vectors_come_in_the_order_of_their_texts(embedder):
    texts = ["a longer sentence about liver injury after ketamine", "pain", "duloxetine for chemotherapy-induced neuropathy"]
    forth, back = embedder.embed(texts), embedder.embed(texts[::-1])
    assert np.allclose(forth, back[::-1], atol=1e-5)


def test_what_means_the_same_is_closer_than_what_does_not(embedder):
    asked, same, other = embedder.embed(["Ketamine may injure the liver.", "Hepatotoxicity of ketamine", "The weather in Paris is mild."])
    assert asked @ same > asked @ other + 0.2


def test_more_texts_than_one_batch_are_all_embedded(embedder):
    texts = [f"sentence number {number}" for number in range(70)]
    assert np.linalg.norm(embedder.embed(texts), axis=1).min() > 0.99


@examples(max_examples=50, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=200))
def test_any_text_has_a_vector_of_finite_numbers(embedder, text):
    assert np.isfinite(embedder.embed([text])).all()


def test_a_very_long_text_is_cut_and_embedded(embedder):
    assert np.isfinite(embedder.embed(["ketamine " * 5000])).all()


def test_a_whole_copy_opens_with_the_same_fingerprint(embedder, exported):
    assert OnnxEmbedder(exported).fingerprint == embedder.fingerprint


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_model_file_is_named_and_never_run(exported, name):
    data = bytearray((exported / name).read_bytes())
    data[len(data) // 2] ^= 1
    (exported / name).write_bytes(data)
    with pytest.raises(ModelError, match=rf"{name} is damaged.*sequitur ingest"):
        OnnxEmbedder(exported)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "export.json"])
def test_a_missing_model_file_is_an_error_with_what_mends_it(exported, name):
    (exported / name).unlink()
    with pytest.raises(ModelError, match="sequitur ingest"):
        OnnxEmbedder(exported)


@pytest.mark.parametrize("card", ["", "{}", '{"files": {}}'])
def test_a_card_that_says_too_little_is_an_error(exported, card):
    (exported / "export.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxEmbedder(exported)


def test_the_card_names_the_weights_and_how_they_are_used(exported):
    card = json.loads((exported / "export.json").read_text(encoding="utf-8"))
    assert {"fingerprint", "dimension", "files"} <= card.keys()
    assert "int8" in card["fingerprint"]
    assert set(card["files"]) == {"model.onnx", "late.onnx", "gate.onnx", "tokenizer.json"}


@pytest.mark.parametrize("name", ["no-such-model", "Someone/no-such-model", "json"])
def test_an_unknown_model_is_named(name, tmp_path):
    with pytest.raises(ModelError, match="no embedding model"):
        open_embedder(name, tmp_path)


def test_a_folder_without_safetensors_is_refused_even_with_other_weights(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        model_folder(str(tmp_path))


@pytest.mark.parametrize("name", ["./models/x", "foo.bar"])
def test_an_embedder_name_that_is_neither_folder_nor_package_is_named(name, tmp_path: Path):
    with pytest.raises(ModelError, match="no embedding model"):
        open_embedder(name, tmp_path)


def test_a_question_meets_its_own_words_best(embedder):
    texts = ["Ketamine raised blood pressure in a third of patients.", "Capsaicin patches are applied once every three months."]
    interaction = Interaction.of([one.tokens for one in embedder.embed_passages(texts)])
    for place, asked in enumerate(["bp went up on ketamine?", "how often is the capsaicin patch put on"]):
        scores = interaction.met(embedder.question_tokens(asked), range(2)).scores
        assert int(scores.argmax()) == place


def test_token_vectors_are_those_of_the_float_head(embedder):
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(model_folder("all-MiniLM-L6-v2"))
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()
    for text in ("Pain was lower with ketamine (P < 0.001).", "A liver test every week"):
        given = AutoTokenizer.from_pretrained(folder, local_files_only=True)(text, return_tensors="pt")
        with torch.no_grad():
            middle = encoder(**given, output_hidden_states=True).hidden_states[-1 - LAYERS]
            tokens, _ = build("late", encoder)(middle, given["attention_mask"])
        kept = embedder.embed_passages([text])[0].tokens.astype(np.float32)
        cosines = (kept * tokens[0].numpy()).sum(axis=1) / np.linalg.norm(kept, axis=1)
        assert kept.shape == (given["input_ids"].shape[1], WIDTH)
        assert cosines.min() > 0.95


def test_the_weights_of_a_question_are_shares(embedder):
    assert np.linalg.norm(embedder.question_tokens("does it hurt the liver"), axis=1).sum() == pytest.approx(1.0, abs=1e-4)
