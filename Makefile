# The verbs of this repository; `make help` lists them.
# Another PostgreSQL: make test PG_CONFIG=/path/to/pg_config
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
# PROFILE=dev builds in seconds instead of a minute; the SQL surface is the same
PROFILE ?= release

PGVER = $(shell $(PG_CONFIG) --version 2>/dev/null | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
VERSION := $(shell sed -n '/^\[workspace.package\]/,/^version/s/^version = "\(.*\)"/\1/p' Cargo.toml)
AUTHORS := $(shell sed -n 's/^authors = \["\(.*\)"\]$$/\1/p' Cargo.toml)
FEATURES = --no-default-features --features pg_regime/pg$(PGVER)
SCRIPT = sql/pg_regime--$(VERSION).sql

# pgrx is compiled against one PostgreSQL: a target directory for each, so that none rebuilds the other
CARGO_TARGET_DIR ?= $(CURDIR)/target$(filter-out /pg15,/pg$(PGVER))
LIBRARY = $(CARGO_TARGET_DIR)/$(subst dev,debug,$(PROFILE))/libpg_regime.so
PACKAGE = pg_regime-$(VERSION)-pg$(PGVER)-$(shell uname -sm | tr 'A-Z ' 'a-z-')

export PG_CONFIG CARGO_TARGET_DIR LIBRARY
export PGRX_PG_CONFIG_PATH = $(PG_CONFIG)
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: help all setup build install sql demo check test test-on soak test-citus test-timescaledb bench package deb dist fmt lint psql stop
.NOTPARALLEL:
.DEFAULT_GOAL := help

help: ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what a build needs and is missing (Debian packages, Rust)
	@tools/setup.sh

# what a client of PGXN calls before install
all: build

build: setup ## compile the extension (PROFILE=release or dev)
	@echo "== build: libpg_regime.so for PostgreSQL $(PGVER) ($(PROFILE)); some minutes the first time"
	@cargo build --quiet --lib --package pg_regime --profile $(PROFILE) $(FEATURES)

install: build ## copy library, control file and install scripts to PostgreSQL (DESTDIR is honoured)
	@echo "== install: to $(DESTDIR)$$($(PG_CONFIG) --pkglibdir) and $(DESTDIR)$$($(PG_CONFIG) --sharedir)/extension"
	@install -D -m 755 $(LIBRARY) "$(DESTDIR)$$($(PG_CONFIG) --pkglibdir)/pg_regime.so"
	@install -d "$(DESTDIR)$$($(PG_CONFIG) --sharedir)/extension"
	@install -m 644 sql/pg_regime--*.sql "$(DESTDIR)$$($(PG_CONFIG) --sharedir)/extension/"
	@sed 's/@CARGO_VERSION@/$(VERSION)/' pg_regime.control > "$(DESTDIR)$$($(PG_CONFIG) --sharedir)/extension/pg_regime.control"

sql: build ## write the install script of this version, from the built library, and begin that of the upgrade to it
	@! grep -q " pg_regime--$(VERSION).sql$$" sql/released.sha256 || \
		{ echo "sql: $(VERSION) is released and its script frozen: raise the version in Cargo.toml" >&2; exit 1; }
	@echo "== sql: $(SCRIPT)"
	@tools/install-script.sh > $(SCRIPT).new && mv $(SCRIPT).new $(SCRIPT)
	@tools/upgrade-script.sh $(VERSION)

demo: install ## a private cluster with demo data, refreshed, and what came out
	@tools/demo.sh

check: PROFILE = dev
check: install ## in minutes, on a dev build: lint, unit tests, SQL, isolation
	@tests/check.sh $(MAKE) --no-print-directory lint

test: lint install ## everything: lint, unit tests, SQL, isolation, dump, upgrade, crash, manual
	@tests/run.sh

test-on: ## what depends on PostgreSQL, for another one (PG=16, 17 or 18), or a bare machine (DEBIAN=bookworm or trixie)
	@tests/on.sh $(if $(PG),PG=$(PG)) $(if $(DEBIAN),DEBIAN=$(DEBIAN))

soak: install ## an hour of faults while all work, and its figures (MINUTES=60, SEED=)
	@tests/run.sh soak

test-citus: install ## the layered regimes on Citus, where it is installed for PG_CONFIG
	@tests/citus.sh

test-timescaledb: install ## hypertables as sources, where TimescaleDB is installed for PG_CONFIG
	@tests/timescaledb.sh

bench: install ## the core by itself, and refreshes against the floor of plain SQL
	@cargo bench --quiet --package regime_core --bench '*' -- --output-format bencher
	@tests/bench.sh
	@tests/bench_universe.sh
	@tests/bench_emas.sh
	@tests/bench_signals.sh
	@tests/bench_market.sh
	@tests/bench_states.sh
	@tests/bench_marks.sh

package: ## a tarball to unpack in / on machines with this PostgreSQL
	@rm -rf $(CARGO_TARGET_DIR)/$(PACKAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(CARGO_TARGET_DIR)/$(PACKAGE)
	@tar -C $(CARGO_TARGET_DIR)/$(PACKAGE) --sort=name --owner=0 --group=0 --numeric-owner -czf $(CARGO_TARGET_DIR)/$(PACKAGE).tar.gz .
	@echo "== package: $(CARGO_TARGET_DIR)/$(PACKAGE).tar.gz"

deb: ## a package of Debian, for a PostgreSQL that Debian packages
	@tools/deb.sh $(VERSION) $(MAKE) --no-print-directory install

dist: ## an archive of the last commit for PGXN
	@git diff --quiet HEAD || echo "dist: changes that are not committed are left out" >&2
	@mkdir -p $(CARGO_TARGET_DIR)
	@sed 's/@CARGO_VERSION@/$(VERSION)/; s/@CARGO_AUTHORS@/$(AUTHORS)/' META.json.in > $(CARGO_TARGET_DIR)/META.json
	@git archive --format=zip --prefix=pg_regime-$(VERSION)/ --add-file=$(CARGO_TARGET_DIR)/META.json \
		--output=$(CARGO_TARGET_DIR)/pg_regime-$(VERSION).zip HEAD
	@echo "== dist: $(CARGO_TARGET_DIR)/pg_regime-$(VERSION).zip"

fmt: ## format the Rust code
	@cargo fmt --all

lint: setup ## imports by layer, formatting and clippy, no warning allowed
	@echo "== lint: layers, rustfmt, clippy"
	@tools/layers.sh
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets $(FEATURES) -- --deny warnings

psql: ## psql on the demo cluster
	@tools/demo.sh psql

stop: ## stop the demo cluster and remove it
	@tools/demo.sh stop
