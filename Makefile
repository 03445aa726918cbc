# Everything runs in .venv, which uv makes from uv.lock; uv itself comes from PyPI into .uv, so that Python 3.11 with
# pip is all that a machine needs.
PYTHON ?= python3
UV := .uv/bin/uv
# Spark and Ray are 700 MB: they stand in an environment of their own, which `make engines` makes.
EXTRAS := --all-extras --no-extra ray --no-extra spark
RUN := $(UV) run --frozen --quiet $(EXTRAS)

.PHONY: demo test test-all focus store hooks quick coverage histories check format lock clean dictionary screenshots bench reliability kill-test scale-test scale-figures engines warehouses test-bi test-duckdb2 prism \
    mutants expected

demo: .venv
	$(RUN) billhouse demo

# The contract tests against mock servers of the vendors' specifications also need `make prism`; without it they are skipped.
test: .venv
	$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder -m "not long"

# With all forms of what processes are started for.
test-all: .venv
	$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder

# The transforms and the job once more, on the DuckDB that isn't the locked one.
test-duckdb2: .venv
	$(RUN) --with 'duckdb>=2,<3' pytest -n auto --dist loadfile tests/transforms/test_corpus.py tests/transforms/test_audits.py \
	    tests/pipelines/test_job.py

# What is left out starts processes or browsers, or builds all tables for each of its cases.
quick: .venv
	$(RUN) pytest -n auto --dist loadfile -m "not slow and not browser"

coverage: .venv
	$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder --cov

# Random histories, built night by night and at once; the suite has two short ones.
HISTORIES ?= 60
NIGHTS ?= 10
histories: .venv
	BILLHOUSE_HISTORIES=$(HISTORIES) BILLHOUSE_NIGHTS=$(NIGHTS) $(RUN) pytest tests/transforms/test_scope.py -k night_after_night

check: .venv
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) lint-imports --no-logo
	$(RUN) sqlfluff lint --processes 2 --disable-progress-bar transforms

# Asks the same before each commit.
hooks: .venv
	$(RUN) pre-commit install

format: .venv
	$(RUN) ruff format
	$(RUN) ruff check --fix

dictionary: .venv
	$(RUN) python -m docs.dictionary

# Needs Chromium: apt-get install chromium
screenshots: .venv
	$(RUN) python -m docs.screenshots

# Every small change of the SQL must make a test fail; or of some files: make mutants ARGUMENTS=marts/fct_invoices.sql
mutants: .venv
	$(RUN) python -m tests.mutants $(ARGUMENTS)

# What the corpus of raw documents gives, after a change of the SQL. Read the difference before you commit it.
expected: .venv
	$(RUN) python -m tests.transforms.corpus.expected

# All cases, which also writes docs/performance.md; or some of them: make bench CASES="daily first-10000"
bench: .venv
	$(RUN) python -m benchmarks $(CASES)

# Every fault once more, which also writes its table into docs/reliability.md.
reliability: .venv
	$(RUN) python -m tests.faults.reliability

# So many random warehouses, of which what is converted, allocated and closed must add up to the cent.
WAREHOUSES ?= 10000
warehouses: .venv
	BILLHOUSE_WAREHOUSES=$(WAREHOUSES) $(RUN) pytest -n 3 tests/transforms/test_reporting_sums.py \
		tests/transforms/test_allocation.py tests/transforms/test_close_differences.py -k "add or given_away"

# Kills the job at COUNT moments that SEED chooses; WRITE=--write puts the table into docs/reliability.md.
COUNT ?= 200
SEED ?= 1
kill-test: .venv
	$(RUN) python -m tests.faults.kills --count $(COUNT) --seed $(SEED) $(WRITE)

# Two nights in SHARDS shards by WORKERS at once, killed KILLS times: the lake holds what a run in one piece does.
# CATALOG=postgres and STORE=s3 start PostgreSQL (Debian's) for the catalogue, and an object store for the files; ENGINE=spark or
# ray lets that one run the shards.
SHARDS ?= 4
WORKERS ?= 2
KILLS ?= $(if $(ENGINE),6,20)
CATALOG ?= file
STORE ?= folder
scale-test: $(if $(ENGINE),.engines,.venv) $(if $(filter s3,$(STORE)),.store)
	$(if $(ENGINE),.engines/bin/python,$(RUN) python) -m tests.faults.scale --shards $(SHARDS) --workers $(WORKERS) \
		--kills $(KILLS) --seed $(SEED) --catalog $(CATALOG) --store $(STORE) $(if $(ENGINE),--engine $(ENGINE))

# What shards take, which also writes it into docs/scale.md; of fewer accounts (ACCOUNTS=200) it is only printed.
ACCOUNTS ?= 10000
scale-figures: SHARDS = 64
scale-figures: WORKERS = 4
scale-figures: .venv
	$(RUN) python -m benchmarks.scale --accounts $(ACCOUNTS) --shards $(SHARDS) --workers $(WORKERS)

# Apache Superset, from PyPI into .superset, must show the numbers that DuckDB does. Neither part of `make test` nor of CI.
test-bi: .venv .superset
	$(RUN) python -m tests.bi.superset .superset/bin

# The FinOps Foundation's focus-validator, in an environment of its own; without it, `make test` skips what it would judge.
focus: .focus

.focus: tests/focus/pyproject.toml tests/focus/uv.lock tests/focus/validator.txt $(UV)
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.focus $(UV) sync --project tests/focus --frozen --quiet
	.uv/bin/pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --require-hashes \
	    --upgrade --target .focus/validator --requirement tests/focus/validator.txt
	@touch .focus

# moto's object store, whose packages want older ones than Billhouse has; without it, `make test` skips what needs one.
store: .store

.store: tests/store/pyproject.toml tests/store/uv.lock $(UV)
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.store $(UV) sync --project tests/store --frozen --quiet
	@touch .store

# Spark also needs Java: apt-get install default-jre-headless
engines: .engines

.engines: pyproject.toml uv.lock $(UV)
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.engines $(UV) sync --frozen --quiet --all-extras
	@touch .engines

lock: $(UV)
	$(UV) lock
	$(UV) lock --project tests/focus
	$(UV) lock --project tests/bi

clean:
	rm -rf .venv .uv .superset .focus .engines .prism demo-warehouse

.venv: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --quiet $(EXTRAS) --compile-bytecode
	@touch .venv

.superset: tests/bi/pyproject.toml tests/bi/uv.lock $(UV)
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.superset $(UV) sync --project tests/bi --frozen --quiet --compile-bytecode
	@touch .superset

# Prism, from npm, by hash; needs Node 18.20 or newer.
prism: .prism/node_modules/.bin/prism

.prism/node_modules/.bin/prism: tests/contract/npm/package.json tests/contract/npm/package-lock.json
	mkdir -p .prism
	cp $^ .prism
	npm ci --prefix .prism --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv
