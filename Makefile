# Two commands for a newcomer: `make demo` and `make test`. Both install everything that they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# uv unpacks and compiles on all cores and keeps what it unpacked. It does not read pip's configuration: where an index
# or a certificate is named there alone, uv fails and pip installs.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt
UV  := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c .ci/constraints.txt

# One thread for each process: more threads slow each other down on a busy machine (docs/operate/install.md).
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Each process that the tests start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-live test test-fast lint types imports check screenshot report-assets bench bench-live evaluate docs clean

$(STAMP): pyproject.toml .ci/constraints.txt
	@echo "Installing into $(VENV). The first time this takes some minutes, because PyTorch is large."
	$(PYTHON) -m venv $(VENV)
	$(PIP) uv && $(UV) -e '.[dev]' || $(PIP) -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP) ## replay the sample stream and open the report
	$(BIN)/hearsay replay examples/sample.jsonl.gz --out runs/demo --overwrite --open

demo-live: $(STAMP) ## the same on Apache Kafka: start a broker, topics and a worker, publish the sample, print the alerts
	$(BIN)/python examples/demo_live.py

test-fast: $(STAMP) ## run the tests that need no broker, no model and no development data
	$(BIN)/pytest -n 2 --dist worksteal -m "not broker and not model and not data"

test: check ## run every check and every test, as CI does
	$(BIN)/pytest -n 4 --dist worksteal --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json
	$(BIN)/python tests/coverage_gate.py .coverage.json

check: lint types imports

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tests.checks.prose

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

docs: $(STAMP) ## write the generated parts again: JSON Schemas, the AsyncAPI document, the tables of settings, topics and formats
	$(BIN)/hearsay schema --out docs/schemas --overwrite
	$(BIN)/hearsay settings --into docs/operate/reference.md
	$(BIN)/hearsay topics --into docs/operate/reference.md
	$(BIN)/hearsay import --into docs/import.md

screenshot: $(STAMP) ## take the README's picture of the report again, with Chromium
	$(BIN)/python -m tests.docs.screenshot

report-assets: ## build the report's script and style again with npm; both are committed, so users need no node
	cd streams/runs/report/web && npm ci --no-audit --no-fund && npm run build

bench: $(STAMP) ## compare the pipeline with a naive composition: events for each CPU-second
	$(BIN)/python -m tests.benchmarks.speed.pipeline

bench-live: $(STAMP) ## compare a live worker with a bare client loop: events for each second, and latency at half that rate
	$(BIN)/python -m tests.benchmarks.speed.live

evaluate: $(STAMP) ## run every study on the development data, if present; write one page of tables to runs/evaluation
	$(BIN)/python -m tests.benchmarks.studies

clean:
	rm -rf $(VENV) runs .coverage .coverage.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
