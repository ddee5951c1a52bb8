# Two commands do all the set-up on a fresh Debian 12 machine: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON_HERE := .venv/bin/python
export PYTHONUNBUFFERED := 1

.PHONY: help run test lint docs bench soak bare wheel lock bootstrap ci clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: bootstrap ## bridge and practice panel, one order through the real chain; ONCE=1 ends after the result
	@exec $(PYTHON_HERE) -m examples.demo $(if $(filter-out 0,$(ONCE)),--once)

test: bootstrap ## every test, Python and PHP, real servers included; ARGS="..." goes to pytest
	@$(if $(ARGS),true,scripts/real-servers) || echo 'The tests against real servers are skipped: see above.'
	@exec scripts/test $(ARGS)

lint: bootstrap ## style, types, import contracts, PHP style
	@exec scripts/lint

docs: bootstrap ## the documentation, into docs/_build/html
	@exec scripts/docs

bench: bootstrap ## the benchmarks, into benchmarks/latest.json
	@exec $(PYTHON_HERE) -m benchmarks

soak: bootstrap ## long seeded runs of what the tests run small, into benchmarks/soak.txt; ARGS="--seed 7 NAME"
	@exec $(PYTHON_HERE) -m scripts.soak $(ARGS)

bare: ## the README's lines and the guides' blocks in a bare Debian root, as root, into benchmarks/bare.txt; ARGS=--short: few tests
	@exec scripts/bare $(ARGS)

wheel: ## the wheel, into dist/
	@scripts/bootstrap python
	@rm -rf dist && $(PYTHON_HERE) -m hatchling build -t wheel

lock: ## write the lock files anew from pyproject.toml (needs uv)
	@exec scripts/lock

ci: ## everything that must hold before a change lands
	@exec .ci/run

clean: ## remove what was built here; no data folder is touched
	rm -rf .venv .bootstrap build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis

bootstrap: ## what the others need: Debian packages (as root) and .venv
	@scripts/bootstrap
