# Each target starts from nothing: it brings what is missing, then does its job.
.PHONY: help demo test lint lock docs bench setup tamper crash

VENV := .venv
BIN := $(VENV)/bin

help:  ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: setup  ## the whole story on real patients, offline
	$(BIN)/govern demo govern-demo

test:  ## every test
	@scripts/setup pdftotext=poppler-utils java=default-jre-headless openssl=openssl \
	  softhsm2-util=softhsm2 pg_ctlcluster=postgresql
	$(BIN)/pytest -n auto --dist loadfile

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: setup  ## resolve the dependencies anew
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade --quiet \
	  --custom-compile-command "make lock" --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade --quiet \
	  --custom-compile-command "make lock" --python-version 3.11 --extra dev -c requirements.lock \
	  pyproject.toml -o requirements-dev.lock

setup:  ## system libraries and the locked environment
	@scripts/setup

bench: setup  ## against other tools and a bare scan, into docs/benchmarks.md
	$(BIN)/python -m benchmarks.run build/bench

docs: setup  ## the check reference and the policy schema, from the code
	$(BIN)/python -m govern.formats.reference > docs/checks.md
	$(BIN)/python -m govern.policy.schema > policies/schema.json
	$(BIN)/python -m govern.declared.compiled > build-facts.json && mv build-facts.json policies/regulations/facts.json
	$(BIN)/python -m govern.declared.schema > policies/regulations/facts.schema.json
	$(BIN)/python -m govern.regulations.reference > docs/regulations.md

tamper: setup  ## over 2,000 seeded edits of everything that is signed or recorded: each must be found
	$(BIN)/python -W ignore -m tests.tamper

crash: setup  ## commands killed at each of their steps: afterwards nothing or a complete record
	$(BIN)/python -W ignore -m tests.crash
