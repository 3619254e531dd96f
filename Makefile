# Each target is complete on a machine that has only Python >= 3.11 and make.
.DEFAULT_GOAL := help
.PHONY: help setup dev test chaos acknowledged lint format bench wheels docs lock clean
PYTHON ?= python3
BIN := .venv/bin

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## create .venv with the locked dependencies, or mend it; leaves .venv/bin/tuntas
	@sh scripts/setup.sh "$(PYTHON)"

dev: setup ## everything on this machine: PostgreSQL, demo data, web, simulator
	$(BIN)/tuntas dev

test: setup ## lint, types, import rules, and every test including the browser
	sh scripts/test.sh

chaos: setup ## kill everything while money moves, then hold our books against Midtrans's; minutes
	$(BIN)/python -m tests.chaos

acknowledged: setup ## kill servers under full load: what was answered with 200 is stored
	$(BIN)/python -m tests.chaos.acknowledged

lint: setup ## style, types and import rules
	sh scripts/lint.sh

format: setup ## rewrite the code in the house style
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup ## measure beside others; writes bench/results/
	$(BIN)/python -m bench

wheels: setup ## build both distributions into dist/
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --quiet --wheel-dir dist . ./simulator

docs: setup ## regenerate what the docs take from the code
	$(BIN)/python scripts/docs.py

lock: setup ## choose new versions for requirements/*.txt
	sh scripts/lock.sh

clean: ## remove what was built here; keeps your data folder
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/.cache
