# Everything here needs Python 3.11 or newer and make; each target makes the environment it needs.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
REQUESTS ?= 100000
CLIENTS := tests/e2e/clients
NODE := $(shell command -v node >/dev/null && command -v npm >/dev/null && echo $(CLIENTS)/node_modules/.made)

.PHONY: help demo test check lint format type docs bench bench-smoke hostile coverage test-lowest clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.serve: pyproject.toml | $(VENV)/.made
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[serve]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.serve

$(CLIENTS)/node_modules/.made: $(CLIENTS)/package.json
	cd $(CLIENTS) && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@

demo: $(VENV)/.serve  ## Serve a bookshop to browse and to edit
	$(BIN)/flask-restless demo

test: lint type check docs  ## Run lint, types, all tests, and build the documentation

check: $(VENV)/.dev $(NODE)  ## Run the tests alone
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -q --junitxml build/junit.xml

lint: $(VENV)/.dev  ## Check style and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(VENV)/.dev  ## Check the types
	$(BIN)/mypy

docs: $(VENV)/.dev  ## Build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(VENV)/.dev  ## Measure us, a view by hand and other libraries, and publish the figures in the documentation
	$(BIN)/python -m benchmarks --publish
	$(BIN)/python -m benchmarks.growth --publish
	$(BIN)/python -m benchmarks.memory --publish

bench-smoke: $(VENV)/.dev  ## Check what is exact of our speed, and that no ratio to a view by hand is far above its bound
	$(BIN)/python -m benchmarks.smoke

hostile: $(VENV)/.dev  ## Send 100,000 hostile requests over each protocol (REQUESTS=...)
	PYTHONPATH=tests $(BIN)/python -m hostile_run --requests $(REQUESTS)

coverage: $(VENV)/.dev $(NODE)  ## Measure the coverage of the tests
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage html
	$(BIN)/coverage report

test-lowest: $(NODE)  ## Run the tests with the lowest supported versions of what we depend on
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check -e '.[test]' -c tests/lowest.txt
	.venv-lowest/bin/python -m pytest -n $(JOBS) --dist loadfile -q

clean:  ## Remove all that was made
	rm -rf .venv .venv-lowest build docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(CLIENTS)/node_modules
