# `make` alone prints the targets. Everything runs in .venv, which `make setup` creates.
# PYTHON=python3.12 or LOCK=requirements-cpu.txt on the command line reach setup.sh; JOBS=4 or
# SCHEDULER=tcp://host:8786 reach repro.sh.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup check repro quick compare plots-offline pull verify test test-slow bench lint lock

help:
	@echo "make repro       set up, then run the whole pipeline; the report is reports/index.html"
	@echo "                 JOBS=4: that many stages at once; SCHEDULER=tcp://host:8786: on a cluster"
	@echo "make check       are the settings in params.yaml allowed? Nothing runs"
	@echo "make quick       the short way through, for a first look, as the DVC experiment quick"
	@echo "make compare     EXPERIMENTS=\"main quick\": finished runs, compared in reports/comparison"
	@echo "make plots-offline  the pages of dvc plots draw without a network from now on"
	@echo "make pull        bring the outputs of the committed run from DVC's remote, where one is set"
	@echo "make verify      is every output what DVC recorded, byte for byte? It reads all of them"
	@echo "make test        set up, then lint and test: units, and the pipeline on small data"
	@echo "make test-slow   what takes longer: the pipeline on MNIST, the report in a browser"
	@echo "make bench       speed, in comparisons; ONLY=step: one of them"
	@echo "make setup       create .venv from the locked requirements (nothing to do when up to date)"
	@echo "make lint        style checks alone"
	@echo "make lock        compile the requirements files from pyproject.toml"

setup:
	@./setup.sh

check: setup
	@python -m stages.repro --check && echo "params.yaml: its settings are allowed"

repro: setup
	@./repro.sh

quick: setup
	@QUICK=1 ./repro.sh

compare: setup
	@python -m stages.compare $(EXPERIMENTS)

plots-offline: setup
	@python -c "import vl_convert" 2>/dev/null || python -m pip install -qq \
		--require-hashes --no-deps -r requirements-plots.txt
	@python -m stages.compare.offline

pull: setup
	@[ -n "$$(dvc remote list)" ] || { echo "error: DVC knows no remote, so there is no run to" \
		"bring. Set one with dvc remote add --default NAME ADDRESS, or make the run: make repro." >&2; \
		exit 1; }
	@dvc pull || { echo "error: The run could not be brought from the remote; DVC says above" \
		"why. make repro makes it here." >&2; exit 1; }

verify: setup
	@python -m stages.repro.verify

bench: setup
	@python -m tests.bench $(ONLY)

test: lint
	@pytest -m "not slow"

test-slow: setup
	@python -c "import distributed, vl_convert" 2>/dev/null || python -m pip install -qq \
		--require-hashes --no-deps -r requirements-cluster.txt -r requirements-plots.txt
	@pytest -m slow

lint: setup
	@ruff check --quiet .
	@ruff format --check --quiet .

# uv resolves for every platform and Python at once; it is needed here alone and kept apart from
# what the locks list. Versions move only where pyproject.toml asks for it, or with
# `make lock UPGRADE=--upgrade`. The Python named is the oldest supported.
UV := .venv/uv
COMPILE = $(UV)/bin/uv pip compile --universal --generate-hashes --no-annotate \
	--python-version 3.11 --no-emit-index-url --no-emit-find-links --fork-strategy fewest \
	--quiet --custom-compile-command "make lock" $(UPGRADE)
# What an extra names; its lock is beside the others, so it lists nothing else.
EXTRA = import sys, tomllib; extras = tomllib.load(open("pyproject.toml", "rb"))["project"] \
	["optional-dependencies"]; print(*extras[sys.argv[1]], sep="\n")

lock: setup
	@python -m pip install --quiet --upgrade --target $(UV) uv
	$(COMPILE) pyproject.toml --extra cpu --extra dev -o requirements-cpu.txt
	$(COMPILE) pyproject.toml --extra gpu --extra dev -o requirements-gpu.txt
	@for extra in cluster plots; do python -c '$(EXTRA)' $$extra | \
		$(COMPILE) - --constraint requirements-cpu.txt -o requirements-$$extra.txt; done
