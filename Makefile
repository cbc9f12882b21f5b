# Two commands are enough on a fresh machine with git, make and Python >= 3.11 (python3-venv): make demo, make test.
PYTHON ?= python3
VENV := .venv
ORACLES := .venv-validate
BIN := $(VENV)/bin
# -qq: errors only, so that a host's warnings do not bury one
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
WORKERS ?= 2

.PHONY: help demo test check bench validate docs setup views clean

help:
	@echo "make demo      plan examples/us-racks.yaml and write its report"
	@echo "make test      run every test but the slow ones"
	@echo "make check     lint, types, layers"
	@echo "make bench     the benchmark table, beside the peers"
	@echo "make validate  our error on every published row, and the slow tests"
	@echo "make docs      write the reference pages from the declarations"

setup: $(VENV)/dev.stamp views

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rackwright needs Python 3.11 or newer; $(PYTHON) is older or absent"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.lock pyproject.toml hatch_build.py | $(VENV)/bin/python
	@echo "installing what rackwright needs"
	@$(PIP) install -r requirements/run.lock -r requirements/build.lock
	@$(BIN)/python -c 'import sys, hatch_build; sys.exit(hatch_build.system_npm() is None)' || $(PIP) install -r requirements/node.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/run.stamp
	@echo "installing what the tests need"
	@$(PIP) install -r requirements/dev.lock
	@touch $@

# The oracles have an environment of their own: pandapipes holds scipy and pandas back.
$(ORACLES)/validate.stamp: requirements/validate.lock | $(VENV)/bin/python
	@echo "installing the oracles"
	@$(PYTHON) -m venv $(ORACLES)
	@$(ORACLES)/bin/python -m pip -qq --disable-pip-version-check install -r requirements/validate.lock
	@touch $@

views: $(VENV)/run.stamp
	@$(BIN)/python hatch_build.py || echo "going on without the HTML report"

demo: $(VENV)/run.stamp views
	$(BIN)/rackwright plan examples/us-racks.yaml --out us-racks.report.html
	@echo "open $(CURDIR)/us-racks.report.html in a browser"

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup $(ORACLES)/validate.stamp
	PYTHONPATH=src $(ORACLES)/bin/python -m benchmarks

validate: setup $(ORACLES)/validate.stamp
	PYTHONPATH=src $(ORACLES)/bin/python -m tests.validation
	PYTHONPATH=src $(ORACLES)/bin/python -m pytest -m slow

docs: setup
	$(BIN)/python docs/build.py

clean:
	rm -rf $(VENV) $(ORACLES) web/node_modules web/dist src/rackwright/report/views
