# One command for everything: make setup | run | test | check | docs | bench | viewer
# Nothing but Python (3.11 or newer) needs to be there; Node is used where it is, Chromium is fetched if it may be.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8000
DATA   ?=
# Of the checks' tests without a browser; each file of tests stays in one process. Browsers draw in software and want all cores.
PROCESSES ?= 2
# torch comes first and alone, so that nothing else can pull in another build of it.
# For the CPU build on a machine where PyPI gives the CUDA one:
#   make run TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
TORCH_ARGS ?=
TORCH  := torch==2.13.0
PYTEST  = CHROMIUM="$$(scripts/ensure/chromium)" FIREFOX="$$(scripts/ensure/firefox)" $(BIN)/python -m pytest
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run setup test check format lint types imports viewer javascript docs bench fuzz screenshot lock clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.stamp-run ## Install what is needed and start SpineView on http://127.0.0.1:8000
	$(BIN)/spineview serve --host $(HOST) --port $(PORT) $(if $(DATA),--data "$(DATA)") $(ARGS)

setup: $(VENV)/.stamp-dev ## Install SpineView and everything its checks need
	@scripts/ensure/chromium >/dev/null || true
	@scripts/ensure/firefox >/dev/null || true
	@scripts/ensure/dicom-tools || true
	@scripts/ensure/web-tools || true
	@scripts/ensure/tracking-tools || true
	@scripts/ensure/postgresql || true

$(VENV)/.stamp-torch:
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@echo "Installing $(TORCH) (once) …"
	$(PIP) install $(TORCH_ARGS) $(TORCH)
	@touch $@

$(VENV)/.stamp-run: $(VENV)/.stamp-torch pyproject.toml requirements.lock
	@echo "Installing SpineView (once) …"
	$(PIP) install --constraint requirements.lock --editable .
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-run
	@echo "Installing the tools of the checks (once) …"
	$(PIP) install --constraint requirements.lock --editable ".[dev]"
	@touch $@

test: setup ## Run the tests alone: make test ARGS="tests/segmentation -x"
	$(PYTEST) $(ARGS)

check: setup lint types imports javascript ## Everything that CI runs
	$(PYTEST) --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --ignore tests/browser --cov --cov-report= $(ARGS)
	$(PYTEST) tests/browser --cov --cov-append --cov-report=term --cov-report=xml $(ARGS)

format: setup ## Format the Python code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.stamp-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.stamp-dev
	$(BIN)/mypy

imports: $(VENV)/.stamp-dev
	$(BIN)/lint-imports

viewer: ## Rebuild the viewer's bundle (needs Node)
	cd static/viewer && npm install --no-save --no-audit --no-fund && npm run build

javascript: ## Lint, type-check and test all JavaScript, and compare the viewer's bundle with its source
	@scripts/check-javascript

docs: $(VENV)/.stamp-dev ## Build the documentation into build/site; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

bench: setup ## Print every figure that the README claims: make bench ARGS="--cases DIR"
	@! command -v npm >/dev/null || (cd static/viewer && npm install --no-save --no-audit --no-fund --silent) # NiiVue
	CHROMIUM="$$(scripts/ensure/chromium)" $(BIN)/python bench/run.py $(ARGS)

fuzz: setup ## Send damaged DICOM files and zips to a server: make fuzz ARGS="--minutes 60 --seed 0"
	$(BIN)/python scripts/fuzz_dicom.py $(ARGS)

screenshot: setup ## Take docs/screenshot.png and docs/turning.gif again, on the demo study
	CHROMIUM="$$(scripts/ensure/chromium)" $(BIN)/python scripts/screenshot.py docs/screenshot.png docs/turning.gif

lock: setup ## Write requirements.lock from what is installed
	scripts/lock "$(BIN)/python" > requirements.lock.new && mv requirements.lock.new requirements.lock

clean: ## Remove what make made
	rm -rf $(VENV) build *.egg-info .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache
