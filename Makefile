# `make` alone lists the targets. Everything is installed into $(VENV), by the first target that needs it.

VENV ?= .venv
HOST ?= $(or $(INPAINT_HOST),127.0.0.1)
PORT ?= $(or $(INPAINT_PORT),8000)
OUT ?= runs/mine
RECIPE ?= recipes/$(if $(filter gpu,$(EXTRA)),default,small).toml
ONNX ?= runs/mine/mine.onnx
BENCH ?= model_speed peers session_options codecs windows seams texture whole_request overhead memory \
	startup overlap throughput two_networks load capacity simulate_replicas

# The first Python on the PATH that the packages support; PYTHON=/path/to/python overrides.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

# `cpu` or `gpu`: which ONNX Runtime an environment has. An environment keeps the one it was made
# with, because both wheels in one environment overwrite each other's files.
EXTRA ?= $(or $(patsubst $(VENV)/.runtime-%,%,$(firstword $(wildcard $(VENV)/.runtime-*))),$(shell \
	nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu))
EXTRA := $(EXTRA)
override OTHER_WHEEL := $(if $(filter gpu,$(EXTRA)),onnxruntime,onnxruntime-gpu)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SERVICE := $(VENV)/.runtime-$(EXTRA)
DEV := $(VENV)/.dev-$(EXTRA)
LONG := $(VENV)/.long-$(EXTRA)
TRAIN_GPU := $(VENV)/.train-gpu
HALF := models/inpaint.fp16.onnx
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
ENGINE ?= docker

ifeq ($(filter cpu gpu,$(EXTRA)),)
$(error EXTRA is "$(EXTRA)"; it must be cpu or gpu)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test test-long train export bench check openapi format wheel images release install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "Variables: HOST=$(HOST) PORT=$(PORT) EXTRA=$(EXTRA) (cpu or gpu) PYTHON=$(PYTHON) VENV=$(VENV)"

serve: $(SERVICE) $(if $(filter gpu,$(EXTRA)),$(HALF)) ## serve the bundled model on 127.0.0.1:8000 (HOST, PORT and EXTRA override)
	INPAINT_HOST=$(HOST) INPAINT_PORT=$(PORT) INPAINT_LOG_FORMAT=$${INPAINT_LOG_FORMAT:-text} \
		exec $(BIN)/python -m service serve

test: $(DEV) ## run the fast tests: all that must hold before a commit lands
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not long" $(ARGS)

test-long: $(LONG) ## run the rest: fuzz, soak, schemas, image build; before a release
	$(BIN)/python -m pytest -m long $(ARGS)

train: $(DEV) $(if $(filter gpu,$(EXTRA)),$(TRAIN_GPU)) ## train on your photos: make train DATA=photos VAL=photos-val OUT=runs/mine (RECIPE overrides)
	@: $(or $(DATA),$(error DATA is missing: a folder of photos)) $(or $(VAL),$(error VAL is missing: a folder of other photos))
	$(BIN)/python -m training weights
	$(BIN)/python -m training fit "$(DATA)" --val "$(VAL)" --out "$(OUT)" --recipe "$(RECIPE)" $(ARGS)

export: $(DEV) ## turn a trained model into ONNX: make export TRAINED=runs/mine/model.keras ONNX=runs/mine/mine.onnx
	@: $(or $(TRAINED),$(error TRAINED is missing: the Keras model to export))
	$(BIN)/python -m export "$(TRAINED)" -o "$(ONNX)" $(ARGS)

bench: $(DEV) ## run every benchmark, into benchmarks/results (BENCH="codecs load" runs these two)
	for name in $(BENCH); do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

check: $(DEV) ## ruff format --check, ruff check, mypy
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

openapi: $(DEV) ## write the description of the interface that the tests compare
	$(BIN)/python -m service openapi > service/openapi.json

format: $(DEV) ## let ruff format the code and fix what it can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

wheel: | $(BIN)/python ## write a wheel of the service with its 8-bit model into dist/
	rm -rf build
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	rm -rf build

# SOURCE without the name and password that an address may hold: everyone can read the label.
images: ## build both images and write them into dist/ (ENGINE, BASE, BUILD_OPTIONS as in docker/check.sh)
	mkdir -p dist
	for target in cpu gpu; do \
		name=pconv-inpainting:$(VERSION)-$$target; \
		$(ENGINE) build --target $$target --tag $$name --build-arg VERSION=$(VERSION) \
			--build-arg SOURCE="$$(git config --get remote.origin.url | sed 's#//[^/]*@#//#')" \
			--build-arg REVISION="$$(git rev-parse HEAD)" \
			$(if $(BASE),--build-arg BASE=$(BASE)) $(BUILD_OPTIONS) . \
		&& $(ENGINE) save $$name | gzip > dist/pconv-inpainting-$(VERSION)-$$target.tar.gz \
		|| exit 1; done

release: ## run all checks, then write wheel, images, notes and checksums into dist/
	packaging/release.sh

# --- environments ---------------------------------------------------------------------------

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11, 3.12 or 3.13 is needed and none was found;" \
		"name one with PYTHON=/path/to/python" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV)

# The stamp files say what is installed. $(BIN)/python is an order-only prerequisite: it is a link
# to the system's Python, whose time says nothing about this environment.
$(SERVICE): pyproject.toml setup.py $(wildcard service/texture/kernels/*) | $(BIN)/python
	rm -f $(VENV)/.runtime-* $(VENV)/.dev-* $(VENV)/.long-* $(VENV)/.train-*
	$(PIP) uninstall --quiet --quiet --yes $(OTHER_WHEEL)
	$(PIP) install --quiet --editable '.[$(EXTRA)]'
	touch $@

$(DEV): $(SERVICE)
	@echo "Installing what the tests need (TensorFlow among it: about 600 MB the first time)"
	$(PIP) install --quiet --editable '.[$(EXTRA),dev]'
	touch $@

$(LONG): $(DEV)
	$(PIP) install --quiet --editable '.[$(EXTRA),dev,long]'
	touch $@

$(TRAIN_GPU): $(DEV)
	$(PIP) install --quiet --editable '.[$(EXTRA),dev,train-gpu]'
	touch $@

# What GPUs run. It needs `onnx` and nothing else of the exporter.
$(HALF): models/inpaint.onnx | $(SERVICE)
	$(PIP) install --quiet --editable '.[$(EXTRA),half]'
	$(BIN)/python -m export half $<

install: $(DEV) ## install everything for development into .venv (test, check, train ... do it by themselves)

clean: ## remove caches and the environment
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
