#!/usr/bin/env bash
# Repeats the proofs that need time, each round from other seeds, and tells how it went.
#
#   Scripts/soak.sh [MINUTES]      by default 30; half of it for the kill loop, the rest for the generated tests
#
# The kill loop: a relay is killed amid posts, started again and asked for all that it had acknowledged, 100 times a round.
# Listens on loopback only. What a round that failed printed is kept; its seeds are in it.
#
# Exit codes: 0 no round failed; 64 wrong use; 70 a round failed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes="${1:-30}"
[[ "$minutes" =~ ^[1-9][0-9]{0,4}$ ]] || {
    echo "use: Scripts/soak.sh [MINUTES]" >&2
    exit 64
}

swift build --build-tests >&2
logs=.build/soak
mkdir -p "$logs"
failed=0
declare -A rounds=() failures=()

# Runs the tests of FILTER again and again for SECONDS, at least once.
soak() {
    local name="$1" filter="$2" seconds="$3" end log
    end=$((SECONDS + seconds))
    rounds[$name]=0 failures[$name]=0
    while :; do
        rounds[$name]=$((rounds[$name] + 1))
        log="$logs/$name-${rounds[$name]}.log"
        if LESSONS_KILL_CYCLES=100 swift test --skip-build --no-parallel --filter "$filter" >"$log" 2>&1; then
            grep -h '^kill loop' "$log" || true
            rm "$log"
        else
            failures[$name]=$((failures[$name] + 1)) failed=1
            echo "$name: round ${rounds[$name]} failed, see $log" >&2
        fi
        ((SECONDS < end)) || break
    done
}

soak kill-loop KillLoopTests $((minutes * 30))
soak generated 'NothingLeaks|FrameDiffer|InputParser|FrameDecoder|HostileBytes|MalformedInput|RoundTrip|TopicMove' \
    $((minutes * 30))

echo
printf '%-12s %8s %8s\n' proof rounds failed
for name in kill-loop generated; do printf '%-12s %8d %8d\n' "$name" "${rounds[$name]}" "${failures[$name]}"; done
echo "$SECONDS seconds"
((failed == 0)) || exit 70
