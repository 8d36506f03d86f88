# Every target sets up what it needs in $(VENV); a second run is quick.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
# Every process of oomdb would compile all of it again, twice the time of most of them.
unexport PYTHONDONTWRITEBYTECODE
FLEET = SELECT subject_kind, subject, kills, events FROM recurrent_victims WHERE scope = 'fleet'

.PHONY: demo test fuzz faults lint corpus bench docs screenshots wheel-test clean

demo: $(READY)
	@rm -rf .demo && mkdir .demo
	@echo '$$ oomdb ingest samples'
	@$(BIN)/oomdb ingest samples --db .demo/oomdb.duckdb
	@echo && echo '$$ oomdb explain latest --host iZ23tpcto8eZ'
	@$(BIN)/oomdb explain latest --host iZ23tpcto8eZ --db .demo/oomdb.duckdb
	@echo && echo "$$ oomdb sql \"$(FLEET)\""
	@$(BIN)/oomdb sql "$(FLEET)" --db .demo/oomdb.duckdb

test: $(READY)
	@$(BIN)/python -m pytest -m spark >$(VENV)/spark.log 2>&1 & spark=$$!; \
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not spark"; code=$$?; \
	wait $$spark || code=$$?; cat $(VENV)/spark.log; exit $$code

# Seconds for all targets of the fuzzer together.
SECONDS ?= 600

fuzz: $(READY)
	-$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m hypothesis

faults: $(READY)
	$(BIN)/python -m tests.faults

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m cogapp --check README.md docs/*.md

corpus: $(READY)
	$(BIN)/python -m tests.corpus

bench: $(READY)
	$(BIN)/python -m benchmarks --short

docs: $(READY)
	$(BIN)/python -m cogapp -r README.md docs/*.md

screenshots: $(READY)
	$(BIN)/python -m tools.screenshots build/screenshots docs/images

wheel-test: $(READY)
	sh tools/wheel_test.sh $(BIN)/python

clean:
	rm -rf $(VENV) .demo dist build

$(READY): pyproject.toml tools/environment.sh
	sh tools/environment.sh $(PYTHON) $(VENV)
	@touch $@
