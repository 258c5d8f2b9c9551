# Two commands set everything up on a machine with python3 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv inside the environment installs about ten times faster than pip
UV := $(BIN)/uv pip
CORES := $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')
# one more than cores: some tests wait for files to settle, for a browser, for a watcher
JOBS ?= $(shell expr $(CORES) + 1)
.PHONY: demo test lint bench soak docs release-check env browser faults clean
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

# strace makes calls of the system fail, a C compiler cuts writes short: the tests of a failing disk.
faults:
	@command -v strace >/dev/null && command -v cc >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends strace gcc libc6-dev >/dev/null; } || \
	  echo "left out: injected I/O errors (no strace or C compiler, and they cannot be installed here; try: apt-get install strace gcc)"
	@[ "$$(id -u)" = 0 ] || echo "left out: disks that are too small, shares that are unplugged (mounting them needs root)"

# numpy's own threads would fight over the cores that the tests share; no -q: the last line is pytest's full summary, which whoever reads a log looks for
test: env browser faults
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --no-header -o console_output_style=classic -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: env
	$(BIN)/python -m pytest -q -m bench tests -s

soak: env browser faults
	$(BIN)/python -m pytest -q -m soak -n $(JOBS)

docs: env
	$(BIN)/python -m labproc.cli._reference docs/reference

# What a release must show: lint, tests, and the wheel in a clean environment outside the checkout.
release-check: lint test
	bash .ci/wheel-check

clean:
	rm -rf $(VENV) raw/demo results .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
