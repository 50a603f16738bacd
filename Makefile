# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: bundle demo test test-hosts test-faults check lint types bench measure clean install

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml hatch_build.py hsdispute_plugin/rules/_reading.c
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	CC="$${CC:-gcc -O2}" $(BIN)/python -m pip install -q -e '.[dev]'
	touch $@

demo: install  ## a real host, the gateway, invented tickets, the results as they stand in the host (KEEP=1 leaves both running)
	$(BIN)/python -m demo $(if $(KEEP),--keep)

test: install lint types  ## all that CI runs
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations=20

test-hosts: install  ## the tests against real hosts alone; as root on Debian, installs Request Tracker 5 first
	tests/hosts/request_tracker/install.sh || echo "Request Tracker 5 cannot be installed here: its tests are skipped" >&2
	$(BIN)/python -m pytest -n 2 -rs tests/test_roundup*.py tests/test_trip.py tests/test_request_tracker*.py

check: test

test-faults: install  ## the long forms of tests/faults (half an hour): figures of docs/reliability.md
	HSDISPUTE_KILLS=55 HSDISPUTE_TICKETS=40 HSDISPUTE_RESTARTS=20 HSDISPUTE_JUMPS=5 \
	  HSDISPUTE_TRIES=5 HSDISPUTE_LOCKED_S=60 HSDISPUTE_QUEUED=2000 HSDISPUTE_DOWN_S=60 $(BIN)/python -m pytest tests/faults

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

$(VENV)/.fuzz: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install -q -e '.[fuzz]'
	touch $@

fuzz: $(VENV)/.fuzz  ## a million inputs of every kind, chosen by what code they reach (half an hour); CI mutates 20,000
	nice $(BIN)/python -m tests.fuzz.guided 1000000

$(VENV)/.bench: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install -q -e '.[bench]'
	touch $@

bench: $(VENV)/.bench  ## figures of docs/benchmarks.md, charts as PNG
	$(BIN)/python -m benchmarks.decide
	$(BIN)/python -m benchmarks.engines --png docs/benchmarks/engines.png
	$(BIN)/python -m benchmarks.replay --raw 200000 --png docs/benchmarks/replay.png
	$(BIN)/python -m benchmarks.lexicon --png docs/benchmarks/lexicon.png
	$(BIN)/python -m benchmarks.verify
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.console
	$(BIN)/python -m benchmarks.sealing
	$(BIN)/python -m benchmarks.gateway
	$(BIN)/python -m benchmarks.measure

bundle: install  ## all that a server without internet needs, for this processor and Python
	CC="$${CC:-gcc -O2}" $(BIN)/python -m tools.make_bundle

measure: install  ## agreement with labelled messages, where a labelled file is at hand
	$(BIN)/python -m benchmarks.measure

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache .mypy_cache .demo dist build
