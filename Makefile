# `make` lists what one can do. `make demo` and `make test` set up what they need themselves.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PY := $(BIN)/python
STAMPS := .venv/.stamps
PIP := $(PY) -m pip install --quiet --no-input --disable-pip-version-check --no-warn-script-location
LOCKED := $(PIP) --require-hashes --only-binary :all:
PACKAGES := data_adapters layers dashboard
# What the tests need beyond Python: a real browser, Chinese glyphs for it, a real PostgreSQL with PostGIS, a real
# Redis, a real MQTT broker, and the one library that Playwright's driver does not bring along.
# Elsewhere than on Debian: bring them by hand and run `make test DEBIAN_PACKAGES=`.
DEBIAN_PACKAGES := chromium fonts-noto-cjk libatomic1 libfaketime mosquitto nginx postgresql postgresql-15-postgis-3 redis-server

# A browser and a PostgreSQL to each; files are kept together, since their tests share what is dear to start.
WORKERS := -n auto --maxprocesses 4 --dist loadfile

.PHONY: help setup demo setup-dev test bench faults pictures check format lint types imports locks lock wheel

help: ## list what one can do
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: setup ## set up what is missing, then serve the demo wall; ARGS="--port 9000 --data DIR"
	@exec $(BIN)/yiping demo $(ARGS)

test: setup-dev ## set up what is missing, then run the tests; ARGS="-k word" for some of them
	@$(PY) -m pytest $(WORKERS) $(ARGS) || sh tests/alone.sh $$? $(PY) -m pytest $(ARGS)

bench: setup-dev ## measure, against a peer in the same run; ARGS=live
	@$(PY) -m bench $(or $(ARGS),live)

faults: setup-dev ## break the centre in every way we know and see which promises it keeps; ARGS="F1 --kills 20"
	@$(PY) -m tests.faults $(ARGS)

pictures: setup-dev ## photograph and measure every scene of the demo into build/pictures; ARGS="--docs --sizes 1920x1080"
	@$(PY) -m tests.pictures $(ARGS)

check: setup-dev format lint types imports locks test ## format, lint, types, import contracts, locks, tests

format: setup-dev ## is the code formatted? (`.venv/bin/ruff format` does it)
	@$(BIN)/ruff format --check .

lint: setup-dev ## ruff's rules
	@$(BIN)/ruff check .

types: setup-dev ## mypy --strict over the three packages
	@$(PY) -m mypy

imports: setup-dev ## the import contracts: dashboard > layers > data_adapters
	@$(BIN)/lint-imports --no-logo

locks: setup-dev ## do the lock files still fit pyproject.toml and package.json?
	@$(PY) deploy/setup/locks.py check

lock: setup-dev ## write the lock files anew; ARGS=--upgrade takes newer versions
	@$(PY) deploy/setup/locks.py write $(ARGS)
	@$(PY) deploy/setup/browser_files.py lock

wheel: setup ## build the wheel, browser files included, into dist/
	@$(PY) -m hatchling build -t wheel

setup: $(STAMPS)/project assets/vendor/THIRD-PARTY.txt ## what running needs: .venv and the browser's files

setup-dev: setup $(STAMPS)/dev ## what developing needs: also Debian's browser, fonts and PostgreSQL
	@sh deploy/setup/debian.sh $(DEBIAN_PACKAGES)

$(STAMPS)/venv:
	@sh deploy/setup/environment.sh
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements.txt requirements-build.txt | $(STAMPS)/venv
	@echo "setup: installing the Python packages, about a minute" >&2
	@$(LOCKED) -r requirements.txt -r requirements-build.txt
	@touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/run
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/run
	@echo "setup: installing the developers' Python packages" >&2
	@$(LOCKED) -r requirements-dev.txt
	@touch $@

assets/vendor/THIRD-PARTY.txt: package.json package-lock.json deploy/setup/browser_files.py | $(STAMPS)/run
	@$(PY) deploy/setup/browser_files.py
