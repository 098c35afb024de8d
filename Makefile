# Everything a fresh machine with Python >= 3.11 and Node >= 20.19 needs, done by the target that needs it.
# Stamps in .venv and a digest of the UI's sources make the second run quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# Not compiled ahead: most of what is installed is never imported.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --no-compile
# Folder of the demo's log; empty: a temporary one.
DEMO_HOME ?=
# More arguments for pytest: make test PYTEST_ARGS="-k merkle -x"
PYTEST_ARGS ?=

.PHONY: help setup demo test check format bench ui page lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Virtualenv with locked packages, UI built; what all the others start from
	@$(MAKE) -s -j2 $(VENV)/.dev ui

demo: ## A campus of realistic events, an export, its verification in words, then the server
	@$(MAKE) -s -j2 $(VENV)/.base ui
	@$(BIN)/affidavit demo $(if $(DEMO_HOME),--home "$(DEMO_HOME)")

test: setup verifier/node_modules/.package-lock.json ## All tests: the UI's, then Python's (browser, PostgreSQL and S3 included)
	@scripts/system_packages test
	@cd ui && npm run --silent test -- --passWithNoTests
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## Lint, format, types, import layers, tidiness; of Python and of the UI
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { echo "Not formatted (above or by --diff): run 'make format'"; exit 1; }
	$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_tidy.py
	@cd ui && npm run --silent check
	@$(BIN)/python scripts/api_types.py --check

format: $(VENV)/.dev ## Let ruff mend what it can
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Figures of this machine, side by side with a bare table
	@$(BIN)/python -m bench

ui: ## Build the UI into src/affidavit/web/static, if its sources changed
	@"$$(scripts/find_python)" scripts/build_ui.py

verifier/node_modules/.package-lock.json: verifier/package-lock.json
	@echo "Installing the locked tools of verifier/ …"
	@cd verifier && npm ci --silent --no-audit --no-fund
	@touch $@

page: verifier/node_modules/.package-lock.json ## Build the verifier page and put it where the package takes it from
	cd verifier && npm run --silent build
	cp verifier/dist/verify.html src/affidavit/verify/page/verify.html

lock: $(VENV)/.dev ## Resolve requirements/*.txt anew from pyproject.toml (scripts/lock --upgrade for newer releases)
	scripts/lock

clean: ## Remove all that is generated here, virtualenv and node_modules included; never a log
	rm -rf $(VENV) ui/node_modules ui/dist src/affidavit/web/static build dist out
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/bin/python:
	@scripts/system_packages venv
	@"$$(scripts/find_python)" -m venv $(VENV)

# What running needs, and hatchling for the editable install.
$(VENV)/.base: requirements/base.txt requirements/build.txt pyproject.toml hatch_build.py src/affidavit/version.py | $(VENV)/bin/python
	@echo "Installing the locked packages into $(VENV) …"
	@$(PIP) --require-hashes -r requirements/base.txt -r requirements/build.txt
	@AFFIDAVIT_SKIP_UI=1 $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# And what developing needs.
$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@echo "Installing the locked tools into $(VENV) …"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
