# Every command a person types. Bare `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
SERVICES := $(patsubst services/%/requirements.in,%,$(wildcard services/*/requirements.in))
# An engine whose libraries do not fit beside those of its family has an environment of its own: services/speech/
# requirements-openai-whisper.lock -> .venvs/speech-openai-whisper. It is made on demand and chosen by SPEECH_ENGINE,
# for make up, make run-speech and antiphon up alike.
ENGINES := $(subst /requirements-,-,$(patsubst services/%.in,%,$(wildcard services/*/requirements-*.in)))
LOCKS := $(SERVICES:%=services/%/requirements) $(patsubst %.in,%,$(wildcard services/*/requirements-*.in)) gateway/requirements cli/requirements tests/requirements \
         tests/node/requirements tools/requirements tools/uv tools/environments/llama_build protos/requirements deploy/requirements
PROTOS := $(shell find protos -name '*.proto' 2>/dev/null)
PYTEST := -m pytest -q --durations=5
# Engines answer the questions of the contract in the sandbox that a worker is in.
CONTRACT := -P tests/contract/sandboxed.py -q --durations=5 tests/contract
VENV := .venvs
TOOLS := $(VENV)/tools/bin

export PYTHONPATH := $(CURDIR):$(CURDIR)/gen:$(CURDIR)/wire:$(CURDIR)/renderers:$(CURDIR)/client:$(CURDIR)/cli
# Idle OpenMP threads that spin cost the other processes of a small machine their cores.
export OMP_WAIT_POLICY := passive
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## List the commands
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-22s %s\n", $$1, $$2}'
	@echo "  make test-<service>        Run the tests of one of: $(SERVICES)"
	@echo "  make run-<service>         Run one of: $(SERVICES) gateway"

# ---------------------------------------------------------------- environments
# .venvs/NAME is made from services/NAME/requirements.lock or NAME/requirements.lock by tools/environments: by uv, which
# keeps a package on disk once for all of them, or by pip where INSTALLER=pip says so. What the platform brings is not in
# a lock: torch, a build for the CPU unless TORCH_PIP_ARGS says where another one is.
#
# llama.cpp is built from source, for any x86-64 of the last ten years. For a GPU give other flags:
#   ROCm:   LLAMA_CMAKE_ARGS="-DGGML_HIP=ON -DGPU_TARGETS=gfx1201 -DGGML_NATIVE=OFF" HIPCXX="$(hipconfig -l)/clang" HIP_PATH="$(hipconfig -R)"
#   Vulkan: LLAMA_CMAKE_ARGS="-DGGML_VULKAN=ON -DGGML_NATIVE=OFF"
# They are part of what .venvs/llm_audio is made from, so a change of them makes it anew.
export TORCH_PIP_ARGS LLAMA_CMAKE_ARGS LLAMA_JOBS INSTALLER
PHASE := $(PYTHON) -m tools.phases run
ENVIRONMENT := PYTHONPATH=$(CURDIR) $(PYTHON) -m tools.environments

# The engine environments that <FAMILY>_ENGINE asks for; environment_of gives a family's, its own where none is.
family_of = $(firstword $(subst -, ,$(1)))
engine_of = $(patsubst $(call family_of,$(1))-%,%,$(1))
chosen_engine = $(or $($(shell echo $(1) | tr a-z A-Z)_ENGINE),$(ANTIPHON_ENGINE))
environment_of = $(or $(filter $(1)-$(call chosen_engine,$(1)),$(ENGINES)),$(1))

# Made on the way to .tests, and not to be thrown away as an intermediate file.
.PRECIOUS: $(VENV)/%/.ready $(VENV)/%/.tests

.SECONDEXPANSION:
# Whether one is as its lock says is for tools/environments to tell, by what is in the files and not by their times.
$(VENV)/%/.ready: FORCE
	@$(ENVIRONMENT) $* >&2

$(VENV)/%/.tests: FORCE
	@$(ENVIRONMENT) --tests $* >&2

FORCE:

CHOSEN := $(sort $(SERVICES) $(foreach each,$(SERVICES),$(call environment_of,$(each))))
setup: ## Make every environment that running needs
	@$(ENVIRONMENT) --at-once 3 $(CHOSEN) gateway cli >&2

lock: $(VENV)/tools/.ready ## Resolve every requirements.in to a locked, hashed requirements.lock
	@for each in $(LOCKS); do echo "$$each.lock"; \
	  $(TOOLS)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-package torch --no-emit-package setuptools --override tools/lock-overrides.txt $$each.in -o $$each.lock; done

# ---------------------------------------------------------------- protos
build/googleapis/google/rpc/status.proto: $(VENV)/protos/.ready
	@mkdir -p $(@D)
	@cp "$$($(VENV)/protos/bin/python -c 'import google.rpc, os; print(os.path.join(list(google.rpc.__path__)[0], "status.proto"))')" $@

protos: build/googleapis/google/rpc/status.proto ## Generate gen/ from protos/
	@rm -rf build/gen && mkdir -p build/gen
	@$(VENV)/protos/bin/python -m grpc_tools.protoc -Iprotos -Ibuild/googleapis --python_out=build/gen \
	    --pyi_out=build/gen --grpc_python_out=build/gen $(PROTOS)
	@touch build/gen/antiphon/py.typed # so that type checkers read the messages
	@rm -rf gen && mv build/gen gen
	@find gen -name '*_pb2_grpc.py' -exec sh -c 'grep -q "class .*Stub" "$$1" || rm "$$1"' _ {} \;

check-protos: $(VENV)/tools/.ready build/googleapis/google/rpc/status.proto
	$(TOOLS)/buf lint
	$(TOOLS)/buf format -d --exit-code protos
	@rm -rf build/gen-before && cp -r gen build/gen-before && $(MAKE) protos && diff -r build/gen-before gen \
	  || { echo "gen/ is not what protos/ gives: run make protos and commit it"; exit 1; }
	@tools/check_breaking.sh $(TOOLS)/buf

# ---------------------------------------------------------------- checks
CHECKS := check-protos check-code check-deploy check-pages
check: ## Lint, types, import rules, protos, deployment files, pages
	@for each in $(CHECKS); do $(PHASE) $$each $(MAKE) $$each; done

check-code: $(VENV)/tools/.ready
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(TOOLS)/mypy wire renderers chassis client cli gateway standins tools fuzz deploy services/__main__.py $(SERVICES:%=services/%)
	$(TOOLS)/lint-imports
	$(TOOLS)/python tools/unasync.py --check

check-deploy: $(VENV)/deploy/.ready $(VENV)/tools/.ready ## Check Dockerfile, compose files, manifests, alerts and scripts; STRICT=1 skips nothing
	$(VENV)/deploy/bin/python -m deploy.check
	@$(TOOLS)/python $(PYTEST) tests/deploy

check-pages: $(VENV)/tools/.ready
	$(TOOLS)/python -m tools.pages --check

pages: $(VENV)/tools/.ready ## Make docs/reference/ and docs/settings.md from the contracts and the settings
	$(TOOLS)/python -m tools.pages

changelog: $(VENV)/tools/.ready ## Show the next entry of CHANGELOG.md, or write it: make changelog VERSION=0.2.0
	$(TOOLS)/towncrier build --yes $(if $(VERSION),--version $(VERSION),--draft --version "not released yet")

format: $(VENV)/tools/.ready ## Format the code
	$(TOOLS)/ruff check --fix .
	$(TOOLS)/ruff format .
	$(TOOLS)/buf format -w protos

# ---------------------------------------------------------------- tests
test: test-core $(SERVICES:%=test-%) $(ENGINES:%=test-%) test-e2e ## Set up what is needed and run all tests

test-core: $(VENV)/tools/.ready ## Run the tests of chassis, gateway, client and structure
	@$(PHASE) $@ $(TOOLS)/python $(PYTEST) tests/test_*.py tests/tools tests/wire tests/chassis tests/gateway tests/client tests/cli \
	    tests/renderers tests/fuzz tests/contract/test_specimens.py

test-e2e: $(VENV)/tools/.ready node models ## Run the tests that start the whole of Antiphon
	@$(PHASE) $@ $(TOOLS)/python $(PYTEST) tests/e2e

test-node: $(VENV)/tools/.ready node models ## Run those of them alone in which the client is written for Node
	@$(PHASE) $@ $(TOOLS)/python $(PYTEST) tests/e2e/test_node.py

# Where the wheel of Node or the packages of npm cannot be had, it is said here and the tests are skipped.
node:
	@$(ENVIRONMENT) node >&2 || echo "note: there is no Node: tests/e2e/test_node.py is skipped" >&2

$(SERVICES:%=test-%): test-%: $(VENV)/%/.tests models
	@$(PHASE) $@ $(VENV)/$*/bin/python $(PYTEST) tests/services/$*
	@$(PHASE) $@ $(VENV)/$*/bin/python $(CONTRACT) -k "$*/"

# The engine's own tests; those of its family that need another library are skipped there.
$(ENGINES:%=test-%): test-%: $(VENV)/%/.tests models
	@$(PHASE) $@ $(VENV)/$*/bin/python $(PYTEST) tests/services/$(call family_of,$*)/$(subst -,_,$(call engine_of,$*))
	@$(PHASE) $@ $(VENV)/$*/bin/python $(CONTRACT) -k "$(call family_of,$*)/"

FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0
FUZZ_OPTIONS = --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) $(if $(FUZZ_INPUTS),--inputs $(FUZZ_INPUTS))
fuzz: $(VENV)/tools/.ready $(VENV)/llm_audio/.ready ## Try mutated inputs on all that reads foreign bytes, FUZZ_SECONDS (60) for each target
	@$(TOOLS)/python -m fuzz $(FUZZ_OPTIONS)
	@$(VENV)/llm_audio/bin/python -m fuzz schema $(FUZZ_OPTIONS)

# The long forms of the attacks: what a release is let through, and nobody waits for between two changes.
SOAK_SECONDS ?= 900
SOAK := -m pytest -q -m "slow or soak" --durations=0 --durations-min=1
soak: $(VENV)/tools/.ready $(SERVICES:%=$(VENV)/%/.tests) models ## Run the long tests, and a million mutated inputs for each target or SOAK_SECONDS (900)
	@$(PHASE) soak-core $(TOOLS)/python $(SOAK) tests/tools tests/wire tests/chassis tests/gateway tests/client tests/cli tests/fuzz || [ $$? = 5 ]
	@for each in $(SERVICES); do \
	  $(PHASE) soak-$$each $(VENV)/$$each/bin/python $(SOAK) tests/services/$$each || [ $$? = 5 ]; done
	@$(PHASE) soak-fuzz $(MAKE) fuzz FUZZ_SECONDS=$(SOAK_SECONDS) FUZZ_INPUTS=1000000
	@PYTHONPATH=$(CURDIR) $(PYTHON) -m tools.phases show

rehearse: $(VENV)/tools/.ready ## Let replicas die, hang and move under load, in a network of their own, as root; ONLY="kill roll" for some
	@$(PHASE) $@ $(TOOLS)/python -m tools.rehearsal $(ONLY)

sbom: $(VENV)/deploy/.ready ## Write a bill of materials for each service that is set up, in build/sbom, and judge its licences
	@$(PHASE) $@ $(VENV)/deploy/bin/python -m deploy.supply bills

audit: $(VENV)/deploy/.ready ## Ask the index whether anything pinned is known to be vulnerable; what it cannot tell counts
	@$(VENV)/deploy/bin/python -m deploy.supply audit

accuracy: $(VENV)/essentia/.ready models ## Print who is right about tempo, beats, bars, keys, chords and sections, ours beside each source
	@for each in bench.accuracy bench.accuracy.rhythm bench.accuracy.harmony bench.accuracy.melodies; do $(VENV)/essentia/bin/python -m $$each; done

# ---------------------------------------------------------------- running
models: setup ## Install the starter models that are not there yet
	@$(PHASE) models ./antiphon models pull starter

$(SERVICES:%=run-%): run-%: $$(VENV)/$$(call environment_of,$$*)/.ready
	$(VENV)/$(call environment_of,$*)/bin/python -m services $*

run-gateway: $(VENV)/gateway/.ready
	$(VENV)/gateway/bin/python -m gateway

up: models ## Start the services and the gateway on this machine
	@./antiphon up

down: $(VENV)/cli/.ready ## Stop them
	@./antiphon down

demo: models ## Set up, start, analyse a real song, print the record, stop; MODEL=… has a language model write too
	@$(VENV)/cli/bin/python -m tools.demo

dist: $(VENV)/tools/.ready ## Build the wheel and the source archive of SDK and command line, in build/dist
	@$(TOOLS)/python -m tools.dist

clean: ## Remove environments, builds and outputs (not the model store)
	@if [ -x $(VENV)/cli/bin/python ]; then ./antiphon down || true; fi
	rm -rf $(VENV) build out .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

.PHONY: help accuracy sbom audit setup lock protos check check-protos check-code check-deploy check-pages pages changelog format fuzz soak rehearse test test-core test-e2e test-node node models up down \
        demo dist clean run-gateway $(SERVICES:%=test-%) $(SERVICES:%=run-%) $(ENGINES:%=test-%)
