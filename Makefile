# Everything runs in .venv, which the first command makes by itself. `make help` lists the commands.
# Interpreters that pyenv keeps answer only by their own path, so these come first.
export PATH := $(shell printf '%s:' $(wildcard $(HOME)/.pyenv/versions/*/bin))$(PATH)
# $(shell …) does not see what is exported.
NEWEST := $(shell PATH="$(PATH)"; for v in 3.14 3.13 3.12 3.11 3.10; do python$$v -c 'import venv' 2>/dev/null && echo python$$v && break; done)
PYTHON ?= $(NEWEST)
RUN := .venv/bin/python

.PHONY: help demo live test market release docs assets pictures bench format clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: .venv/installed  ## the main job on embedded defaults: no AWS, no Guance, no key needed
	@$(RUN) -m devtools.demo.run

live: .venv/installed  ## one tick against real AWS (boto3's own credentials, reading only), points into a local receiver
	@$(RUN) -m devtools.demo.live

test: .venv/installed  ## lint, format, types, Python 3.8, market build, all tests on 3.8 and on the newest Python
	@$(RUN) -m nox

market: .venv/installed  ## dist/script-market/ and dist/guance_aws_cloudfront.zip
	@$(RUN) -m devtools.market.build

release: .venv/installed  ## VERSION=1.2.3: changelog, version, market, zip and checksums, to be committed and published
	@$(RUN) -m devtools.market.release "$(VERSION)"

docs: .venv/installed  ## the tables of metrics and monitors in docs/, the example of an object, the links between pages
	@$(RUN) -m devtools.docs.write

assets: .venv/installed  ## dashboards and monitors for Guance, English and Chinese, out of the catalog
	@$(RUN) -m devtools.assets.write

pictures: .venv/installed  ## the READMEs' pictures of the page of `make demo` (needs Chromium with its driver)
	@$(RUN) -m devtools.demo.pictures

bench: .venv/installed  ## how lean the collector is, measured pair by pair, into docs/benchmarks.md (3 minutes)
	@$(RUN) -m devtools.bench.run

format: .venv/installed  ## lay out the source
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

clean:  ## remove what was built and installed
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/installed: requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed (with its venv module)."; exit 1; }
	@echo "Installing the tools into .venv ($(PYTHON)), about half a minute …"
	@$(PYTHON) -m venv --clear .venv
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
