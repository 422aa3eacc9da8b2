# The one door to building, checking and installing jobq. `make` alone lists the targets.

CARGO ?= cargo
INSTALL ?= install
PREFIX ?= /usr/local
DESTDIR ?=
TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)
BIN = $(TARGET_DIR)/release/jobq
SHARE = $(DESTDIR)$(PREFIX)/share
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system

# What is made from the code is checked in; this program writes it.
GEN = $(CARGO) run -q --locked --example gen --

.DEFAULT_GOAL := help
.PHONY: help setup build test check unit gen gen-check demo bench cron-oracle chaos cluster mutants install clean
.NOTPARALLEL:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check for cargo, cc, Python and a Redis or Valkey server; install what is missing (as root)
	@sh tools/setup

# Linked statically where the C library can be: a third of an enqueue's time would else go into
# loading shared libraries. Where it cannot, the ordinary way.
build: ## the optimised program: target/release/jobq
	$(CARGO) rustc --release --locked --bin jobq -- -C target-feature=+crt-static \
	    || $(CARGO) build --release --locked

test: setup check unit gen-check ## everything that must hold before a commit

check: ## formatting and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

unit: ## the tests alone
	$(CARGO) test --locked

gen: ## write man pages, completions, the schema and the tables of docs/protocol.md anew
	$(GEN) man completions docs

gen-check: ## compare them with the code
	$(GEN) --check man completions docs

demo: ## a short tour in the terminal
	sh examples/demo.sh

bench: build ## what is promised about speed, as ratios; ONLY=depth for one section of benches/
	cp $(BIN) $(BIN)-measured
	JOBQ_BENCH_PROGRAM=$(abspath $(BIN)-measured) $(CARGO) bench --locked --bench ratios -- $(ONLY)

cluster: ## every script test again, on a Redis that is a node of a Cluster
	JOBQ_TEST_CLUSTER=1 $(CARGO) test --locked --test jobq -- scripts:: --test-threads=16

# With debug assertions and overflow checks: a fault that only they see is one too.
chaos: ## the long fault runs; SEED=, MINUTES=10, JOBS=20000, WORKERS=8, ROUNDS=, PARALLEL=4, ONLY="storm beat"
	CHAOS_SEED='$(SEED)' CHAOS_MINUTES='$(MINUTES)' CHAOS_JOBS='$(JOBS)' CHAOS_WORKERS='$(WORKERS)' \
	    CHAOS_ROUNDS='$(ROUNDS)' CHAOS_PARALLEL='$(PARALLEL)' CHAOS_ONLY='$(ONLY)' $(CARGO) test --locked --bench chaos

# Ten times what `make test` compares, in all zones; then Python's cron packages, in a folder of
# their own.
ORACLE = $(abspath $(TARGET_DIR))/cron-oracle
cron-oracle: ## the long comparison of schedules: Debian's daemon, PyPI's cronsim and croniter
	mkdir -p $(ORACLE)
	JOBQ_CRON_ORACLE=$(ORACLE) $(CARGO) test --locked --profile oracle --test jobq -- --nocapture cron::
	python3 -m venv $(ORACLE)/venv
	$(ORACLE)/venv/bin/pip install --quiet --requirement tests/cron/requirements.txt
	$(ORACLE)/venv/bin/python tests/cron/compare.py $(ORACLE)

mutants: ## break the code in one way after the other; fails unless the tests notice each
	sh tools/mutants $(ONLY)

# Builds only what is missing, so that `sudo make install` after `make build` needs no cargo.
install: $(BIN) ## the program, man pages, completions and systemd units below PREFIX (/usr/local) and DESTDIR
	$(INSTALL) -Dm755 $(BIN) $(DESTDIR)$(PREFIX)/bin/jobq
	$(INSTALL) -d $(SHARE)/man/man1 $(SHARE)/man/man5
	$(INSTALL) -m644 man/*.1 $(SHARE)/man/man1
	$(INSTALL) -m644 man/*.5 $(SHARE)/man/man5
	$(INSTALL) -Dm644 docs/jobq.schema.json $(SHARE)/jobq/jobq.schema.json
	$(INSTALL) -Dm644 completions/jobq.bash $(SHARE)/bash-completion/completions/jobq
	$(INSTALL) -Dm644 completions/_jobq $(SHARE)/zsh/site-functions/_jobq
	$(INSTALL) -Dm644 completions/jobq.fish $(SHARE)/fish/vendor_completions.d/jobq.fish
	$(INSTALL) -d $(UNITS)
	for unit in jobq-worker@.service jobq-beat.service; do \
	    sed 's|/usr/local/bin/|$(PREFIX)/bin/|' dist/$$unit >$(UNITS)/$$unit && chmod 644 $(UNITS)/$$unit || exit 1; \
	done

$(BIN):
	$(MAKE) build

clean: ## remove what was built
	$(CARGO) clean
