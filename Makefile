# One rule builds the environment; everything else rests on it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help run lint check check-all lab app serve bench bench-experiments bench-explore bench-fetch bench-scale bench-search bench-serve drill soak docs wheel lock clean

help:            ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

$(READY): requirements.lock pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "No Python found. Install Python 3.11 or later, or say: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11. Say: make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY)    ## the pipeline on the embedded sample, then ten recommendations
	$(BIN)/cinematch run --dataset sample
	$(BIN)/cinematch recommend --like "Heat (1995)" --like "Toy Story (1995)" -k 10

PYTEST = OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY)   ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint      ## lint, types and all tests that are not slow, in five minutes
	$(PYTEST) -m "not slow"
	@echo "The slow tests, of whole pipelines, browsers and killed processes, are left to: make check-all"

check-all: lint  ## lint, types and every test, as CI runs them
	$(PYTEST)

lab: $(READY)    ## JupyterLab on the analyst's page, after make run
	$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --LabApp.extra_labextensions_path="$(CURDIR)/cinematch_lib/explorer/lab" notebooks/explore.ipynb

app: $(READY)    ## the analyst's page alone, as a web page without code
	$(BIN)/cinematch explore

serve: $(READY)  ## the API and the page on http://127.0.0.1:8000, from the current run; PORT=8080 for another port
	$(BIN)/cinematch serve $(if $(PORT),--port $(PORT))

bench: $(READY)  ## measure; on the real catalog where CINEMATCH_REAL_DATA is set
	$(BIN)/python -m benchmarks

bench-experiments: $(READY)  ## false alarms, coverage and power of experiments; one from end to end; one under kills
	$(BIN)/python -m benchmarks.experiments
	$(BIN)/python -m benchmarks.experiment_people
	$(BIN)/python -m benchmarks.experiment_drill

bench-explore: $(READY)  ## how fast the analyst's page opens and follows, in Chromium
	$(BIN)/python -m benchmarks.explore

bench-fetch: $(READY)  ## how fast films come from a TMDb-shaped server on loopback
	$(BIN)/python -m benchmarks.fetch

bench-scale: $(READY)  ## one machine on a million films, and Gram matrices on workers
	$(BIN)/python -m benchmarks.million
	$(BIN)/python -m benchmarks.scaling --figure docs/scaling.png
	$(BIN)/python -m benchmarks.inverse

bench-search: $(READY)  ## what search finds of misspelt titles, and how fast
	$(BIN)/python -m benchmarks.search

bench-serve: $(READY)  ## requests a second over HTTP, memory, and time to be ready (needs wrk)
	$(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.bounds

drill: $(READY)  ## three months of refreshes in minutes, good weeks and bad ones, under a server that is asked all the time
	$(BIN)/python -m benchmarks.drill

soak: $(READY)   ## a minute of reading and writing while runs are swapped, then 2,000 requests made up from the API's document
	$(BIN)/python -m benchmarks.soak
	CINEMATCH_CASES=120 $(BIN)/pytest -q tests/serving/test_server_openapi.py

docs: $(READY)   ## the API reference, in build/docs; fails on a broken link or a missing docstring
	$(BIN)/python scripts/build_docs.py

wheel: $(READY)  ## the wheel and the source distribution, in dist
	$(BIN)/python -m build --no-isolation

lock:            ## resolve pyproject.toml anew (needs uv on the PATH)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	echo "setuptools>=80" | uv pip compile --quiet --universal --python-version 3.11 --extra serve --generate-hashes --no-annotate --no-header -c requirements.lock pyproject.toml - -o requirements-serve.lock

clean:           ## remove the environment; raw, data and artifacts stay
	rm -rf .venv
