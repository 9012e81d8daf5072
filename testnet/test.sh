#!/usr/bin/env bash
# Runs every test of the project. Installs the tools that sharpen them where it may (Debian, root);
# without them it says what is skipped and goes on.
#
#   testnet/test.sh             run what can be run here
#   IKD_REQUIRE_ALL=1 ...       a skipped test is a failure (what CI asks for)
#   IKD_FUZZ_SECONDS=N ...      seconds for each fuzz target (default 10, 0 = none)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'test.sh: %s\n' "$*" >&2; }
skip() {
    if [ "${IKD_REQUIRE_ALL:-}" = 1 ]; then say "missing: $*"; exit 1; fi
    say "skipped: $*"
}
have() { command -v "$1" >/dev/null 2>&1; }

. testnet/peers.sh

install_tools() {
    local wanted=()
    have tshark || wanted+=(tshark)
    have openssl || wanted+=(openssl)
    have cc || wanted+=(build-essential)
    have chromium || wanted+=(chromium)
    [ ${#wanted[@]} -eq 0 ] && return 0
    if [ "$(id -u)" != 0 ] || ! have apt-get; then
        skip "${wanted[*]} (install them to check captures, certificates and reports with other eyes)"
        return 0
    fi
    say "installing ${wanted[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } >/dev/null 2>&1 ||
        skip "${wanted[*]}: apt-get failed"
}

# Namespaces as an ordinary user need /dev/net/tun and user namespaces; the tests say what is missing.
check_ground() {
    [ -c /dev/net/tun ] || skip "/dev/net/tun is not there: labs in namespaces"
    [ -d ../shared/vectors ] || skip "../shared is not there: known-answer files and foreign captures"
}

fuzz() {
    local seconds=${IKD_FUZZ_SECONDS:-10} target log
    [ "$seconds" = 0 ] && return 0
    if ! cargo fuzz --version >/dev/null 2>&1; then
        say "installing cargo-fuzz"
        cargo install --quiet --locked cargo-fuzz >/dev/null 2>&1 || { skip "cargo-fuzz: fuzz targets"; return 0; }
    fi
    log=$(mktemp)
    # Coverage without a sanitizer: works on stable (`-s none`).
    for target in $(cargo fuzz list); do
        corpus=$(mktemp -d)
        if ! cargo fuzz run -s none "$target" "$corpus" "fuzz/seeds/$target" -- \
            -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 >"$log" 2>&1; then
            tail -40 "$log" >&2
            say "fuzz target $target failed; the input is under fuzz/artifacts/$target"
            exit 1
        fi
        say "fuzzed $target: $(grep -oE '^#[0-9]+' "$log" | tail -1 | tr -d '#') runs"
        rm -rf "$corpus"
    done
    rm -f "$log"
}

tests() {
    if [ "${IKD_REQUIRE_ALL:-}" = 1 ]; then export TESTNET_REQUIRE=1; fi
    # cargo-nextest's summary is shorter; cargo's own does as well.
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --cargo-quiet --status-level fail --final-status-level fail
    else
        cargo test --workspace --quiet
    fi
}

install_tools
install_charon
fetch_strongswan_6
fetch_ntc_templates
check_ground
fuzz
tests
