#!/usr/bin/env bash
# Builds the release programs and prints what the relay costs on this machine: Scripts/bench.sh [lessons-bench arguments].
# Without arguments the whole table, some minutes. Listens on loopback only. `lessons-bench --help` tells the loads.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

swift build -c release --product lessons-relay >&2
swift build -c release --product lessons-bench >&2
exec "$(swift build -c release --show-bin-path)/lessons-bench" "$@"
