# make setup   virtual environment in .venv, pinned by requirements.lock and constraints.txt; does nothing when up to date
# make repro   the main job: dvc repro, ending with the law; PRESET=tiny takes another set of parameters first
# make studies-tiny  the whole catalogue of studies at its tiny size, about 20 minutes on two idle cores
# make test    the tests
# make check   format, lint, types, import contracts
# make docs    the documentation as a site, in build/docs; needs no network
# make lock    requirements.lock anew from pyproject.toml and constraints.txt, by uv
# make ui      Prefect server and worker on loopback

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV ?= uv
# By version alone: PyTorch, and what its CUDA builds need. A CPU build has other hashes, and needs none of them.
UNHASHED := torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc \
  nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse \
  nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DVC_NO_ANALYTICS := 1
export NO_MKDOCS_2_WARNING := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup repro studies-tiny test check docs ui lock clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing packages into .venv, a few minutes ..."
	$(PIP) install --require-hashes --no-deps -r requirements.lock
	$(PIP) install --no-build-isolation -c constraints.txt -e '.[pipeline,dev]'
	touch $@

lock:
	$(UV) pip compile --quiet pyproject.toml --extra pipeline --extra dev -c constraints.txt --generate-hashes --no-annotate \
	  --python-version 3.11 --custom-compile-command 'make lock' $(UNHASHED:%=--no-emit-package %) -o requirements.lock

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
	$(BIN)/python -m mkdocs build --quiet --strict

ui: setup
	$(BIN)/python -m flows.ui

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

docs: setup
	$(BIN)/python -m mkdocs build --quiet --strict
