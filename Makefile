# `make help` lists the targets. CLIENTS, MODEL (thread, cached, pool, lock) and WORKERS change the demo, and
# MINUTES how long `make soak` runs. BENCH_PYTHON is an interpreter without a GIL to measure as well, and
# BENCH_PYTHONS are others, separated by colons. N is the lesson (without it, all are listed). RUNS is how often
# `make zoo` checks each server. SERVERS is for the swarm, and REGISTRY is the registry for its images.
# PYTHON is the host's interpreter; with PYTHON=free-threaded, the images run on one without a GIL.
PYTHON ?= python3
CLIENTS ?= $(if $(filter swarm,$(MAKECMDGOALS)),6,3)
MINUTES ?= 60
RUNS ?= 50
CLAIMS ?= 10000
export CLIENTS
ifdef MODEL
export LANES_MODEL := $(MODEL)
endif
ifdef WORKERS
export LANES_WORKERS := $(WORKERS)
endif
ifeq ($(PYTHON),free-threaded)
export LANES_PYTHON := $(PYTHON)
override PYTHON := python3
endif
ifdef REGISTRY
export REGISTRY
export LANES_REGISTRY := $(REGISTRY:/=)/
endif

# The tests start hundreds of Pythons, which start sooner if modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALLED := .venv/installed
LESSONS_BIN := .venv-lessons/bin
LESSONS_INSTALLED := .venv-lessons/installed
PACKAGES := server client lanes lessons grading
ZOO := tests/zoo
WORKFLOWS_TO_COPY := docs/ci.yml grading/classroom.yml
LESSONS := tests/lessons/test_lessons.py
# Chromium stops loading when a network is added or removed, and starting containers does that. These tests start none.
BROWSER := tests/e2e/test_crowds.py tests/e2e/test_keyboard.py tests/e2e/test_slides.py
CONTAINERS := tests/swarm $(LESSONS) $(filter-out $(BROWSER),$(wildcard tests/e2e/test_*.py)) tests/integration
SERVERS := tests/mutants $(ZOO) tests/bench tests/watch tests/examples
UNIT := tests/docs tests/unit $(filter-out $(LESSONS),$(wildcard tests/lessons/test_*.py))
EVERYTHING := $(CONTAINERS) $(SERVERS) $(BROWSER) $(UNIT)
# On a busy machine, these may take a wrong server for a right one, or see its threads too late. They mostly wait, so in
# `make test` they run beside the others, which have a lower priority.
TIMED := $(ZOO) tests/watch tests/unit/lanes_check
# Tests mostly wait, so eight run at a time. They run in the order of collection, which has the longest groups
# first. One worker runs a whole group.
PYTEST = -m pytest --numprocesses $(or $(1),8) --dist loadgroup --no-loadscope-reorder -m "not alone and not quiet"
TIMED_PYTEST = -m pytest --numprocesses $(1) --dist load --maxschedchunk 1 -m "not alone"
QUIET = -m pytest --numprocesses 4 --dist worksteal -m quiet $(call marked,quiet,$(1))
ALONE = -m pytest -m alone $(call marked,alone,$(1))
# The files in these folders that have tests with this mark: collecting all files takes longer.
marked = $(or $(shell grep --recursive --files-with-matches --include 'test_*.py' 'mark\.$(1)' $(2)),$(error No test in $(2) is marked $(1)))
TEST_IMAGE = docker build --quiet --file tests/Dockerfile --build-arg SERVER_IMAGE=$(LANES_REGISTRY)thread-lanes-server

.DEFAULT_GOAL := help
.PHONY: help demo down swarm swarm-down local lesson lesson-runs slides test test-others test-timed zoo unit servers integration in-image faults soak mutants seen test-images unit-image fault-image lint format lock bench bench-short claims pictures docs engine images programs

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: images ## Three clients, three threads: run it and see who served whom
	@scripts/demo

down: ## End the demo
	docker compose down --remove-orphans --volumes

swarm: images ## The same on Docker Swarm: SERVERS=2 behind one name, CLIENTS=6
	@scripts/swarm up

swarm-down: ## End it
	@scripts/swarm down

local: $(INSTALLED) ## The server and three clients as plain processes, without Docker
	scripts/run-local $(BIN)/python $(CLIENTS)

lesson: $(LESSONS_INSTALLED) $(if $(N),images) ## Walk through lesson N of docs/lessons, command by command
	@$(LESSONS_BIN)/python -m lessons $(N)

lesson-runs: $(LESSONS_INSTALLED) images ## Run all lessons, or lesson N, and put the results into their pages (five minutes)
	$(LESSONS_BIN)/python -m lessons.record $(N)

slides: $(LESSONS_INSTALLED) ## The lessons as a talk of twenty minutes: one HTML file
	@$(LESSONS_BIN)/python -m lessons.slides >lessons/slides.html
	@echo "Open lessons/slides.html in a browser: arrow keys turn the slides, n shows the speaker's notes."

test: $(INSTALLED) test-images programs ## All tests, on real containers, nothing skipped (twelve minutes)
	$(BIN)/coverage erase
	$(BIN)/python -m pytest --collect-only --quiet --quiet $(EVERYTHING) >/dev/null # once for all workers
	$(MAKE) --jobs 2 test-others test-timed
	$(BIN)/coverage run $(call QUIET,$(EVERYTHING)) --no-skips
	$(BIN)/coverage run $(call ALONE,$(EVERYTHING)) --no-skips
	$(BIN)/coverage combine --quiet
	rm -f build/coverage/data.* # left by processes that were killed while saving: each report would warn about them
	for package in $(PACKAGES); do $(BIN)/coverage report --include "$$package/*" || exit 1; done
	$(BIN)/coverage json --quiet -o - | $(BIN)/python -m tests.kit.branches $(PACKAGES)
	$(MAKE) in-image
	scripts/faults short

test-others:
	nice $(BIN)/coverage run $(call PYTEST,6) --no-skips $(filter-out $(TIMED),$(EVERYTHING)) $(addprefix --ignore ,$(filter tests/unit/%,$(TIMED)))

test-timed: # its output comes at its end, so that the two do not mix
	@output=$$($(BIN)/coverage run $(call TIMED_PYTEST,4) --no-skips $(TIMED) 2>&1); failed=$$?; printf '%s\n' "$$output"; exit $$failed

zoo: $(INSTALLED) ## Does `check` ever fail a correct server? Each is checked RUNS=50 times
	$(BIN)/pytest $(ZOO) --runs $(RUNS) -k right

unit: $(INSTALLED) ## The unit tests, without Docker (a minute)
	$(BIN)/python $(PYTEST) $(UNIT)
	$(BIN)/python $(call ALONE,$(UNIT))

servers: $(INSTALLED) ## The tests of whole servers, right and wrong ones, without Docker (three minutes)
	$(BIN)/python $(call TIMED_PYTEST,8) $(filter $(TIMED),$(SERVERS))
	$(BIN)/python $(PYTEST) $(filter-out $(TIMED),$(SERVERS))
	$(BIN)/python $(call ALONE,$(SERVERS))

integration: $(INSTALLED) images programs ## The tests on containers
	$(BIN)/python $(PYTEST) $(CONTAINERS) $(BROWSER)
	$(BIN)/python $(call QUIET,$(CONTAINERS) $(BROWSER))
	$(BIN)/python $(call ALONE,$(CONTAINERS) $(BROWSER))

in-image: unit-image ## The server's and the client's unit tests on the Python of the images
	docker run --rm --pull never thread-lanes-tests --numprocesses 4 -m "not alone"
	docker run --rm --pull never thread-lanes-tests -m alone

faults: $(INSTALLED) fault-image ## Faults, floods, bad input: what was promised and what happened (a quarter of an hour)
	scripts/faults full; failed=$$?; \
	$(BIN)/python -m pytest tests/swarm --rounds full -k under_load && exit $$failed

soak: $(INSTALLED) fault-image ## The same over and over, for MINUTES=60
	scripts/faults soak $(MINUTES)

mutants: $(INSTALLED) ## Make small changes to the server, one at a time: which does no test notice?
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

claims: $(INSTALLED) ## Are the claims of `lanes watch` right? Check CLAIMS=10000, on servers that say which thread answers
	$(BIN)/python -m tests.watch.count $(CLAIMS)

seen: $(INSTALLED) images ## Look at servers in many languages from outside, and write docs/servers.md (five minutes)
	docker build --quiet --file tests/seen/Dockerfile --build-arg SERVER_IMAGE=$(LANES_REGISTRY)thread-lanes-server --tag thread-lanes-seen .
	found=$$(docker run --rm --pull never --network none --cap-drop ALL --security-opt no-new-privileges thread-lanes-seen) \
	    && printf '%s\n' "$$found" >docs/servers.json
	$(BIN)/python -m tests.seen.page

lint: $(INSTALLED) engine docs ## Style, types, Dockerfiles, scripts, YAML, workflows, prose
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile.* tests/Dockerfile tests/seen/Dockerfile grading/Dockerfile
	$(BIN)/shellcheck $(filter-out %.py %.toml,$(wildcard scripts/*)) grading/check-program .ci/run findings/*.sh
	$(BIN)/yamllint --strict .
	$(BIN)/zizmor --offline --quiet --pedantic .github
	$(BIN)/zizmor --offline --quiet $(WORKFLOWS_TO_COPY)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml $(WORKFLOWS_TO_COPY)
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(BIN)/python scripts/prose.py
	docker compose config --quiet
	docker stack config --compose-file stack.yaml >/dev/null
	SUBMISSION_IMAGE=any docker compose --file grading/compose.yaml config --quiet

docs: $(INSTALLED) ## The documentation as a site, in build/site; a broken link fails it
	@scripts/docs $(BIN)/zensical

format: $(INSTALLED) ## Let ruff fix what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(INSTALLED) ## Regenerate requirements/*.txt from pyproject.toml
	scripts/lock $(BIN)/uv

bench: $(INSTALLED) ## Compare its speed with other servers, and fill the tables of docs/performance.md (more than an hour)
	@if docker info >/dev/null 2>&1; then $(MAKE) images; fi
	$(BIN)/python -m bench full

bench-short: $(INSTALLED) ## The same in two minutes: has any ratio halved since `make bench`?
	$(BIN)/python -m bench short

pictures: $(INSTALLED) images programs ## The pictures of the README and the lessons, from real runs
	scripts/pictures $(BIN)/python

engine:
	@scripts/ensure-engine

# Always the same project: its name becomes a label of the image, and with another name it would be another image.
images: engine
	@scripts/ensure-base-image $(if $(LANES_PYTHON),--$(LANES_PYTHON))
	@docker image inspect $(LANES_REGISTRY)thread-lanes-server >/dev/null 2>&1 || echo 'Building the images (a minute or two) ...'
	@docker compose --project-name thread-lanes build --quiet

test-images: images
	@$(MAKE) --jobs 2 unit-image fault-image

unit-image: images
	@$(TEST_IMAGE) --target unit --tag thread-lanes-tests .

fault-image: images
	@$(TEST_IMAGE) --target faults --tag thread-lanes-faults .

programs:
	@scripts/ensure-test-programs

# The tests need 700 MB of packages; a student who takes a lesson needs a twentieth of that.
$(INSTALLED): requirements/dev.txt
$(LESSONS_INSTALLED): requirements/lessons.txt
$(INSTALLED) $(LESSONS_INSTALLED):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
