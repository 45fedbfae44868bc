# Everything starts from nothing: each target makes the environment that it needs in .venv.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check bench clean

demo: $(VENV)/installed  ## Fit a bundled table, write a synthetic one, its model and its report.
	$(BIN)/understudy demo

test: $(VENV)/installed-dev  ## Run all tests, with the servers and browsers that they need.
	.ci/system-packages
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal $(TESTS)

check: $(VENV)/installed-dev  ## Style and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/installed-dev  ## Measure quality and speed at small sizes; without --quick the scripts measure at full size.
	$(BIN)/python bench/tabular.py --quick
	$(BIN)/python bench/scale.py --quick
	$(BIN)/python bench/protocol.py --quick

clean:
	rm -rf $(VENV) build dist understudy-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "understudy needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python" >&2; exit 1; }
	.ci/venv "$(PYTHON)" $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/installed $@
