# Two commands set everything up on a machine with python3 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv inside the environment installs about ten times faster than pip
UV := $(BIN)/uv pip
JOBS ?= 2
.PHONY: demo test lint bench soak docs release-check env browser clean
.DEFAULT_GOAL := demo

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	$(UV) install --quiet --compile-bytecode --python $(BIN)/python -e '.[all]' --group dev -c constraints.txt
	touch $@

env: $(VENV)/.installed

demo: env
	$(BIN)/labproc demo raw/demo

# Debian's chromium drives the browser tests; they say so and are left out where it cannot be had.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
	  echo "left out: browser tests (no chromium, and it cannot be installed here; try: apt-get install chromium)"

# no -q: the last line is pytest's full summary, which whoever reads a log looks for
test: env browser
	$(BIN)/python -m pytest --no-header -o console_output_style=classic -n $(JOBS) --dist loadgroup

lint: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: env
	$(BIN)/python -m pytest -q -m bench tests -s

soak: env browser
	$(BIN)/python -m pytest -q -m soak -n $(JOBS)

docs: env
	$(BIN)/python -m labproc.cli._reference docs/reference

# What a release must show: lint, tests, and the wheel in a clean environment outside the checkout.
release-check: lint test
	bash .ci/wheel-check

clean:
	rm -rf $(VENV) raw/demo results .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
