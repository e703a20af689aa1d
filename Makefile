# Two commands for a newcomer: `make demo` and `make test`. Both do all their own set-up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# One thread a process: measured, more threads only fight on a busy machine (docs/operate/install.md).
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: demo demo-live test test-fast lint types imports check screenshot report-assets bench bench-live evaluate docs clean

$(STAMP): pyproject.toml .ci/constraints.txt
	@echo "Installing into $(VENV): some minutes the first time, because PyTorch is large."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP) ## the main job on the sample stream: rumours found, graphs grown, alerts raised
	$(BIN)/hearsay replay examples/sample.jsonl.gz --out runs/demo --overwrite
	$(BIN)/hearsay report runs/demo --overwrite --open

demo-live: $(STAMP) ## the same on Apache Kafka: broker, topics, a worker, the sample published, alerts as they arrive
	$(BIN)/python examples/demo_live.py

test-fast: $(STAMP) ## the tests that need no broker, no model and no development data
	$(BIN)/pytest -n 2 --dist worksteal -m "not broker and not model and not data"

test: check ## every check and every test, as CI runs them
	$(BIN)/pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json
	$(BIN)/python tests/coverage_gate.py .coverage.json

check: lint types imports

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

docs: $(STAMP) ## writes again what is generated: JSON Schemas, the AsyncAPI document, the table of settings
	$(BIN)/hearsay schema --out docs/schemas --overwrite
	$(BIN)/hearsay settings --into docs/operate/reference.md
	$(BIN)/hearsay topics --into docs/operate/reference.md

screenshot: $(STAMP) ## take the README's picture of the report again, with Chromium
	$(BIN)/python -m tests.docs.screenshot

report-assets: ## builds the report's script and style again, from npm; they are committed, so that a user needs no node
	cd streams/runs/report/web && npm ci --no-audit --no-fund && npm run build

bench: $(STAMP) ## events per CPU-second against a naive composition, in one run
	$(BIN)/python -m tests.benchmarks.speed.pipeline

bench-live: $(STAMP) ## events per second of a live worker beside a bare client loop, and latency at half that rate
	$(BIN)/python -m tests.benchmarks.speed.live

evaluate: $(STAMP) ## every evaluation on the development data, where it is present; one page of tables in runs/evaluation
	$(BIN)/python -m tests.benchmarks.studies

clean:
	rm -rf $(VENV) runs .coverage .coverage.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
