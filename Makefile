# `make run` starts the local stack, and `make stop` stops it from another terminal. DETACH=1 returns when the stack is up.
# LOG_LEVEL=DEBUG and the ports are environment variables (infra/README.md).

ARCH ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
STACK ?= vestibule
PYTHON ?= python3

TARGET_arm64 := aarch64-unknown-linux-gnu
TARGET_x86_64 := x86_64-unknown-linux-gnu
TARGET := $(TARGET_$(ARCH))
FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/libfuzzer/fuzz_targets/*.rs)))
FUNCTIONS := $(notdir $(patsubst %/,%,$(dir $(wildcard functions/*/Cargo.toml))))
LOCAL_STACK := $(PYTHON) infra/local/stack.py
TOOLS := .local/tools/bin

.DEFAULT_GOAL := help
.PHONY: help run stop test proofs try-console screenshots pictures fuzz-api bench load fuzz mutants build console deploy redrive reindex upgrade-test restore-drill erase-drill cost fmt lint clean tools

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: ## Run everything on this machine until Ctrl-C; DETACH=1 leaves it running, SCALE=7 makes seven times the people, 0 none
	@$(LOCAL_STACK) up $(if $(filter-out 0,$(DETACH)),--detach) $(if $(SCALE),--scale "$(SCALE)")

stop: ## Stop a local stack that runs in another terminal or in the background
	@$(LOCAL_STACK) stop

test: ## Run every check, as CI does; PROOF=full runs the long proofs in full
	@bash .ci/run

proofs: ## Show which tests prove each line of the specification, and how the security requirements are met
	@$(PYTHON) infra/scripts/proofs.py spec
	@$(PYTHON) infra/scripts/proofs.py console
	@$(PYTHON) infra/scripts/proofs.py asvs

try-console: ## Try the console of the local stack in Chromium, an installed one or npm's; ONLY=… for tests whose file or title has it; PROOF=full ONLY=budget measures its times (tests/console)
	@$(LOCAL_STACK) console-tests $(if $(ONLY),--grep "$(ONLY)")

screenshots: ## Take a picture of every page of the local stack's console in every state, and print the verdict on each; ONLY=… for some, CHECK=1 for the verdicts only
	@$(LOCAL_STACK) screenshots $(if $(CHECK),--check,$(if $(ONLY),--grep "$(ONLY)"))

pictures: ## Take the pictures of the README from the local stack, into infra/pictures
	@$(LOCAL_STACK) pictures

fuzz-api: tools ## Call every operation of the API on the local stack, as its document describes it; PROOF=full for thousands of calls (tests/api)
	@$(PYTHON) tests/api/run.py

bench: tools console ## Measure the functions as Lambda would run them, beside Slack's frameworks (tests/bench), and whether the time of sign-in tells of a login
	@$(LOCAL_STACK) peers
	cargo build --locked --release $(addprefix --package ,$(FUNCTIONS))
	@$(TOOLS)/python tests/bench/run.py
	cargo test --locked --package vestibule-tests --test flows -- --ignored latency
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo test --locked --release --package vestibule-tests --test flows -- \
		--ignored --nocapture --test-threads 1 timing

load: tools ## Start 50 webhooks at once, give one a million events (EVENTS=… for fewer), and let a day of 100 connectors pass (tests/bench)
	cargo build --locked --release --package webhook-slack
	@$(TOOLS)/python tests/bench/cold_storm.py
	@$(TOOLS)/python tests/bench/soak.py $(if $(EVENTS),--events $(EVENTS))
	PROOF=full cargo test --locked --package vestibule-tests --test flows -- --nocapture day::

fuzz: ## Fuzz everything that strangers can reach, TIME seconds each (tests/fuzz; needs nightly Rust and cargo-fuzz)
	$(PYTHON) tests/fuzz/seed.py
	@for target in $(FUZZ_TARGETS); do \
		cargo +nightly fuzz run --fuzz-dir tests/fuzz/libfuzzer --sanitizer none $$target -- \
			-dict=tests/fuzz/libfuzzer/dictionaries/$$target.dict -max_len=65536 -max_total_time=$(or $(TIME),600) || exit 1; \
	done

mutants: ## Change the code of shared/domain in one place at a time; its tests must notice. FILES=… for some files (needs cargo-mutants)
	cargo mutants --package vestibule-domain --file '$(or $(FILES),shared/domain/src/**)' --output target --timeout 20 -- --locked --lib

build: tools console ## Build the functions for Lambda; ARCH=arm64 or x86_64, by default this machine's
	@test -n "$(TARGET)" || { echo "ARCH is $(ARCH); it must be arm64 or x86_64."; exit 1; }
	@rustup target list --installed 2>/dev/null | grep -qx $(TARGET) \
		|| { echo "Rust lacks the standard library for $(ARCH). Install it: rustup target add $(TARGET)"; exit 1; }
	PATH="$(CURDIR)/$(TOOLS):$$PATH" cargo lambda build --locked --release --target $(TARGET) $(addprefix --package ,$(FUNCTIONS))
	@$(PYTHON) infra/scripts/package_sizes.py $(FUNCTIONS)
	@$(PYTHON) infra/scripts/sbom.py --target $(TARGET) $(FUNCTIONS) > target/lambda/sbom.cdx.json
	@echo "Bill of materials: target/lambda/sbom.cdx.json"

console: ## Build the files of the web console, if their sources changed
	@$(LOCAL_STACK) console

deploy: build ## Build, then deploy to the AWS account of this shell's credentials; PARAMETERS='Name=value …' sets the template's
	$(TOOLS)/sam deploy --stack-name $(STACK) --parameter-overrides Architecture=$(ARCH) $(PARAMETERS)

redrive: tools ## Put dead letters back into their queue: QUEUE=inbox, onboarding, outgoing, email, email-events, team, index, routing or events, LOCAL=1 for the local stack
	@$(TOOLS)/python infra/scripts/redrive.py --queue "$(QUEUE)" --stack "$(STACK)" $(if $(LOCAL),--local) $(if $(YES),--yes)

reindex: tools ## Write the search index of a project anew: ACCOUNT=id PROJECT=id, CHECK=1 only counts differences, LOCAL=1 for the local stack
	@$(TOOLS)/python infra/scripts/reindex.py --account "$(ACCOUNT)" --project "$(PROJECT)" --stack "$(STACK)" $(if $(CHECK),--check) $(if $(LOCAL),--local)

upgrade-test: ## Deploy this tree over a local stack of the release before, with people and admins at work; FROM=tag or commit for another release
	@$(PYTHON) infra/local/upgrade.py $(if $(FROM),--from "$(FROM)")

restore-drill: ## Back up the running local stack, break its data, restore it, and check that the stack works (infra/runbook.md)
	@$(PYTHON) infra/local/restore_drill.py

erase-drill: ## Erase the running local stack with all its data for good, check that nothing of it is left, and stop it (infra/runbook.md)
	@$(PYTHON) infra/local/erase_drill.py

cost: ## Print dollars per million messages, per thousand requests decided and per million people kept, from counted calls
	@$(PYTHON) infra/scripts/cost.py

fmt: ## Format the code
	cargo fmt --all

lint: tools ## Check code and template, without running anything
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(TOOLS)/cfn-lint template.yaml

clean: ## Stop the local stack, and remove everything built or installed here
	@$(LOCAL_STACK) stop
	rm -rf .local .aws-sam target functions/console/web/dist
	find . -name node_modules -prune -exec rm -rf {} +

tools:
	@$(LOCAL_STACK) tools
