#!/usr/bin/env bash
# strongSwan against ikd, row by row, and the page docs/interop.md of what came out.
#
#   testnet/interop.sh                    every row once, then the page
#   testnet/interop.sh soak [N] [ROW]     every row (or those whose name contains ROW) N times in a row,
#                                         default 10; flakes are named, then the page
#   testnet/interop.sh latency [N]        time from the first packet to established, our pair against charon's
#   testnet/interop.sh page               the page of the results that there are
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'interop.sh: %s\n' "$*" >&2; }
skip() { say "missing: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
. testnet/peers.sh

# Rows wait more than they work.
interop() { cargo test --quiet -p ikd --test interop -- --test-threads=4 "$@"; }
page() {
    IKD_INTEROP_PAGE=$PWD/docs/interop.md interop
    say "docs/interop.md is written"
}
# Rows that failed in some round, and why.
flakes() {
    local file
    for file in target/interop/*/result.json; do
        grep -q '"result": "fail"' "$file" && grep -E '"(row|why)"' "$file" | cut -c1-400
    done
    return 0
}

install_charon
case ${1:-all} in
all)
    fetch_strongswan_6
    rm -rf target/interop
    status=0
    interop || status=$?
    page
    exit "$status"
    ;;
soak)
    fetch_strongswan_6
    status=0
    rm -rf target/interop/*.failed-*
    IKD_INTEROP_ROUNDS=${2:-10} interop "${3:-row}" || status=$?
    flakes
    page
    exit "$status"
    ;;
latency) IKD_INTEROP_LATENCY=${2:-30} cargo test --quiet --release -p ikd --test interop ;;
page) page ;;
*)
    sed -n '2,9p' "$0"
    exit 2
    ;;
esac
