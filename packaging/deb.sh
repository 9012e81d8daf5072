#!/usr/bin/env bash
# Builds the Debian package into target/debian. It needs cargo-deb: cargo install --locked cargo-deb
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --package ikd --bin ikd
made=target/packaging
rm -rf "$made"
mkdir -p "$made/man" "$made/completions"
target/release/ikd man --out "$made/man"
gzip -9n "$made"/man/*.1
for shell in bash zsh fish; do
    target/release/ikd completions "$shell" >"$made/completions/ikd.$shell"
done
cargo deb --quiet --package ikd --no-build --strip "$@"
