# make setup   virtual environment in .venv, pinned by constraints.txt; does nothing when up to date
# make repro   the main job: dvc repro, ending with the law; PRESET=tiny takes another set of parameters first
# make studies-tiny  the whole catalogue of studies at its tiny size, about 20 minutes on two idle cores
# make test    the tests
# make check   format, lint, types, import contracts
# make ui      Prefect server and worker on loopback

PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DVC_NO_ANALYTICS := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup repro studies-tiny test check ui clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing packages into .venv, a few minutes ..."
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt -e '.[pipeline,dev]'
	touch $@

repro: setup
	$(if $(PRESET),$(BIN)/rcfam preset $(PRESET))
	$(BIN)/rcfam params
	$(BIN)/dvc repro

studies-tiny: setup
	$(BIN)/dvc repro dataset
	$(BIN)/python -m flows.scaling --size tiny

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui: setup
	$(BIN)/python -m flows.ui

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
