#!/usr/bin/env bash
# Repeats the proofs that need time, each round from other seeds, and tells how it went.
#
#   Scripts/soak.sh [MINUTES]      by default 30
#
# A quarter of the time each for the kill loop (a relay is killed amid posts, started again and asked for all that it had
# acknowledged, 100 times a round), for the simulation of relay and clients (2,000 seeds a round), for the fuzz targets, and
# for the generated tests; before that, once, a disk that fails at each call in turn. Listens on loopback only. What a round
# that failed printed is kept; its seeds are in it.
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
        if LESSONS_KILL_CYCLES=100 LESSONS_FAULT_CALLS=all LESSONS_SIMULATIONS=2000 \
            swift test --skip-build --no-parallel --filter "$filter" >"$log" 2>&1; then
            grep -hE '^(kill loop|simulation:|faults of)' "$log" || true
            rm "$log"
        else
            failures[$name]=$((failures[$name] + 1)) failed=1
            echo "$name: round ${rounds[$name]} failed, see $log" >&2
        fi
        ((SECONDS < end)) || break
    done
}

share=$((minutes * 15))
soak faults FaultTests 0
soak kill-loop KillLoopTests "$share"
soak simulation SimulationTests "$share"
soak generated 'NothingLeaks|FrameDiffer|InputParser|FrameDecoder|HostileBytes|MalformedInput|RoundTrip|TopicMove' "$share"

# Six targets share the last quarter, a minute each at least.
targets=$((minutes / 24))
rounds[fuzzing]=1 failures[fuzzing]=0
Scripts/fuzz.sh "$((targets > 0 ? targets : 1))" || failures[fuzzing]=1 failed=1

echo
printf '%-12s %8s %8s\n' proof rounds failed
for name in faults kill-loop simulation generated fuzzing; do
    printf '%-12s %8d %8d\n' "$name" "${rounds[$name]}" "${failures[$name]}"
done
echo "$SECONDS seconds"
((failed == 0)) || exit 70
