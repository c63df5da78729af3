# Everything runs in .venv, which the first command makes by itself. `make help` lists the commands.
# Interpreters that pyenv keeps answer only by their own path, so these come first.
export PATH := $(shell printf '%s:' $(wildcard $(HOME)/.pyenv/versions/*/bin))$(PATH)
# A bare Debian has `venv` without `ensurepip`, with which it cannot make an environment.
USABLE := -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
# $(shell …) does not see what is exported.
NEWEST := $(shell PATH="$(PATH)"; for v in 3.14 3.13 3.12 3.11 3.10 3; do python$$v $(USABLE) && echo python$$v && break; done)
PYTHON ?= $(NEWEST)
RUN := .venv/bin/python
CHECKED := tests/unit
PIN := .venv/bin/uv pip compile --quiet --upgrade --generate-hashes

MISSING := Python 3.10 or newer with its venv module is missing. Install it (Debian, Ubuntu: apt-get install python3-venv; \
	Fedora: dnf install python3; macOS: brew install python), then run make again.

.PHONY: help demo live check test market release audit pins mutation docs assets pictures bench format clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: .venv/installed  ## the main job on embedded defaults: no AWS, no Guance, no key needed
	@$(RUN) -m devtools.demo.run

live: .venv/installed  ## one tick against real AWS (boto3's own credentials, reading only), points into a local receiver
	@$(RUN) -m devtools.demo.live

check: .venv/installed  ## the fast loop: lint, format, types, unit tests
	@$(RUN) -m nox --session lint types
	@$(RUN) -m pytest --numprocesses auto $(CHECKED)

test: .venv/installed  ## lint, format, types, Python 3.8, market build, all tests on 3.8 and on the newest Python
	@$(RUN) -m nox

market: .venv/installed  ## dist/script-market/ and dist/guance_aws_cloudfront.zip
	@$(RUN) -m devtools.market.build

release: .venv/installed  ## VERSION=1.2.3: changelog, version, market, zip, bill of materials, checksums, to be published
	@$(RUN) -m devtools.market.release "$(VERSION)" "$(AUDIT)"

audit: .venv/installed  ## known vulnerabilities of the pinned packages; a release wants it, or AUDIT=skipped
	@$(RUN) -m devtools.audit

pins: .venv/installed  ## renew the pinned versions and their hashes in requirements/, from PyPI
	@$(PIN) --python-version 3.10 requirements/dev.in -o requirements/dev.txt
	@$(PIN) --python-version 3.8 requirements/dev.in -o requirements/dev-py38.txt
	@$(PIN) --python-version 3.10 requirements/mutation.in -o requirements/mutation.txt

mutation: .venv/installed  ## MODULE=points/windows [TESTS=tests/unit]: what changes of a module no test notices (see tests/README.md)
	@$(RUN) -m nox --session mutation -- "$(MODULE)" $(TESTS)

docs: .venv/installed  ## the tables of metrics and monitors in docs/, the example of an object, the links between pages
	@$(RUN) -m devtools.docs.write

assets: .venv/installed  ## dashboards and monitors for Guance, English and Chinese, out of the catalog
	@$(RUN) -m devtools.assets.write

pictures: .venv/installed  ## the READMEs' pictures of the page of `make demo` (needs Chromium with its driver)
	@$(RUN) -m devtools.demo.pictures

bench: .venv/installed  ## how lean the collector is, measured pair by pair, into docs/benchmarks.md (5 minutes)
	@$(RUN) -m devtools.bench.run

format: .venv/installed  ## lay out the source
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

clean:  ## remove what was built and installed
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/installed: requirements/dev.txt
	@$(if $(PYTHON),$(PYTHON) $(USABLE),false) || { echo "$(MISSING)"; exit 1; }
	@echo "Installing the tools into .venv ($(PYTHON)), about half a minute …"
	@$(PYTHON) -m venv --clear .venv
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
