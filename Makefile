# Everything runs in .venv, which uv makes from uv.lock; uv itself comes from PyPI into .uv, so that Python 3.11 with
# pip is all that a machine needs.
PYTHON ?= python3
UV := .uv/bin/uv
RUN := $(UV) run --frozen --quiet

.PHONY: demo test check format lock clean

demo: .venv
	$(RUN) billhouse demo

test: .venv
	$(RUN) pytest

check: .venv
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy

format: .venv
	$(RUN) ruff format
	$(RUN) ruff check --fix

lock: $(UV)
	$(UV) lock

clean:
	rm -rf .venv .uv demo-warehouse

.venv: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --quiet
	@touch .venv

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv
