# Two commands to know: `make run` and `make test`. Both install first what is missing.

# One build for the window, the tests and CI, where a fresh clone finds it again.
CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cutover-desk/target
export CARGO_TARGET_DIR

setup := src-tauri/scripts/setup.sh
ui_sources := $(shell find ui -name node_modules -prune -o -name dist -prune -o -type f -print)

.PHONY: help run test proof fuzz build bench audit setup-run setup-test setup-fuzz setup-audit check-ui check-rust
.NOTPARALLEL:

help:
	@echo "make run     opens the desk on its practice portal; without a display, plays the whole runbook on the command line"
	@echo "make test    runs every check and every test"
	@echo "make proof   runs the long tests: hundreds of kills"
	@echo "make fuzz    gives every importer ten minutes of made-up files; FUZZ_SECONDS=60 for less"
	@echo "make build   builds the program for release"
	@echo "make bench   measures what has an aim, and says it beside what was measured"
	@echo "make audit   checks the dependencies: bans, licences, sources"

run: setup-run ui/dist/index.html
	cargo build --locked --package cutover-desk
	@src-tauri/scripts/run.sh "$(CARGO_TARGET_DIR)/debug/cutover-desk"

build: setup-run ui/dist/index.html
	cargo build --locked --release --package cutover-desk
	@echo "built: $(CARGO_TARGET_DIR)/release/cutover-desk"

# What a window paints is measured in the real one.
painted := binary(desktop) & test(painted)

bench: setup-test ui/dist/index.html
	cargo bench --locked --package desk-store --bench snapshot
	cargo bench --locked --package desk-store --bench log
	cargo bench --locked --package desk-app --bench smoke
	cargo bench --locked --package desk-app --bench rollback
	cargo nextest run --release --locked --workspace --profile proof --run-ignored only -E '$(painted)'

test: setup-test check-ui check-rust

proof: setup-test ui/dist/index.html
	cargo nextest run --locked --workspace --profile proof --run-ignored only -E 'package(cutover-desk) - ($(painted))'

FUZZ_SECONDS ?= 600
fuzz_dir := src-tauri/crates/desk-core/fuzz
fuzz_targets := text markdown json requests panel

# The compiler counts the paths that a file takes only when asked in a way that is not stable yet; it is no other compiler.
# What was found before stays in the corpus, so that each time begins where the last one ended.
fuzz: export RUSTC_BOOTSTRAP = 1
fuzz: setup-fuzz
	@for target in $(fuzz_targets); do \
		mkdir -p $(fuzz_dir)/corpus/$$target && \
		cargo fuzz run --fuzz-dir $(fuzz_dir) $$target $(fuzz_dir)/corpus/$$target $(fuzz_dir)/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=20 -dict=$(fuzz_dir)/words/$$target.dict -print_final_stats=1 \
			|| exit; \
	done

audit: setup-audit
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

check-ui: ui/dist/index.html
	cd ui && npm run format:check
	cd ui && npm run lint
	cd ui && npm run check
	cd ui && npm test

check-rust: ui/dist/index.html
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo nextest run --locked --workspace

# The program embeds the built UI, so whatever compiles it needs this first.
ui/dist/index.html: $(ui_sources) | setup-run
	cd ui && npm run build

setup-run:
	@$(setup) run

setup-test:
	@$(setup) test

setup-fuzz:
	@$(setup) fuzz

setup-audit:
	@$(setup) audit
