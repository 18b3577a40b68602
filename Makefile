# `make` alone prints the targets. Everything runs in .venv, which `make setup` creates.
PYTHON ?= python3
VENV   := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# The lock with CUDA where a GPU answers, the CPU one elsewhere; `make setup LOCK=...` overrides.
LOCK  := $(if $(shell nvidia-smi -L 2>/dev/null),requirements-gpu.txt,requirements-cpu.txt)
STAMP := $(VENV)/installed-$(notdir $(LOCK))

.DEFAULT_GOAL := help
.PHONY: help setup repro test lint lock

help:
	@echo "make repro   set up, then run the whole pipeline; the report is reports/index.html"
	@echo "make test    set up, then lint and test"
	@echo "make setup   create .venv from the locked requirements (nothing to do when up to date)"
	@echo "make lint    style checks alone"
	@echo "make lock    compile requirements-cpu.txt and requirements-gpu.txt from pyproject.toml"

setup: $(STAMP)

$(STAMP): $(LOCK)
	@./setup.sh "$(PYTHON)" "$(VENV)" "$(LOCK)"
	@rm -f $(VENV)/installed-*
	@touch $@

repro: setup
	@./repro.sh

test: lint
	@pytest

lint: setup
	@ruff check --quiet .
	@ruff format --check --quiet .

# uv is needed here alone: it resolves for every platform and Python at once.
COMPILE = uv pip compile pyproject.toml --universal --generate-hashes --no-annotate \
	--no-emit-index-url --fork-strategy fewest --quiet --upgrade --custom-compile-command "make lock"

lock: setup
	@python -m pip install --quiet uv
	$(COMPILE) --extra cpu --extra dev -o requirements-cpu.txt
	$(COMPILE) --extra gpu --extra dev -o requirements-gpu.txt
