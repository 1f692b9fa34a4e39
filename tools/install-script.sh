#!/usr/bin/env bash
# Print the install script of the built library ($LIBRARY, set by make).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --package install-script
"$CARGO_TARGET_DIR/debug/install-script" "$LIBRARY" pg_regime.control
