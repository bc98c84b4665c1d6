#!/usr/bin/env bash
# Gives what strangers can send to the code that reads it, by libFuzzer with AddressSanitizer.
#
#   Scripts/fuzz.sh [MINUTES] [TARGET...]      by default 5 minutes of each target, one after the other
#
# Targets: frame document topic-filter certificate-request status-request terminal-input. Inputs that brought something new
# are kept in .build-fuzz/corpus/TARGET, so that the next run goes on from there; an input that is a finding stands in
# .build-fuzz/findings/TARGET-*, and `LESSONS_FUZZ_TARGET=TARGET .build-fuzz/release/FuzzDriver FILE` repeats it.
#
# A finding is a crash, a broken promise, 10 s with one input, or more than 1 GiB of memory.
# Exit codes: 0 no finding; 64 wrong use; 70 a finding.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=(frame document topic-filter certificate-request status-request terminal-input)
minutes="${1:-5}"
targets=("${@:2}")
((${#targets[@]})) || targets=("${all[@]}")
usage() {
    echo "use: Scripts/fuzz.sh [MINUTES] [TARGET...], targets: ${all[*]}" >&2
    exit 64
}
[[ "$minutes" =~ ^[1-9][0-9]{0,4}$ ]] || usage
for target in "${targets[@]}"; do [[ " ${all[*]} " == *" $target "* ]] || usage; done

folder=.build-fuzz
# Swift's own choice of coverage is one that libFuzzer no longer reads once AddressSanitizer is on too.
LESSONS_FUZZING=1 swift build -c release --scratch-path "$folder" --product FuzzDriver \
    --sanitize=fuzzer --sanitize=address \
    -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table >&2
mkdir -p "$folder/findings" "$folder/logs"

status=0
summary=()
for target in "${targets[@]}"; do
    mkdir -p "$folder/corpus/$target"
    log="$folder/logs/$target.log"
    result="no finding"
    # Leaks are left to the tests' own run: LeakSanitizer needs ptrace, which not every machine allows.
    LESSONS_FUZZ_TARGET="$target" ASAN_OPTIONS=detect_leaks=0 "$folder/release/FuzzDriver" \
        "$folder/corpus/$target" "Tests/FuzzTargets/Corpus/$target" \
        -max_total_time=$((minutes * 60)) -timeout=10 -rss_limit_mb=1024 -max_len=8192 \
        -artifact_prefix="$folder/findings/$target-" -print_final_stats=1 >"$log" 2>&1 ||
        { result="A FINDING, see $log" && status=70; }
    runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    edges="$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 || true)"
    memory="$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
    summary+=("$(printf '%-20s %14s %12s %8s  %s' "$target" "${runs:-?}" "${edges#cov: }" "${memory:-?}" "$result")")
    echo "${summary[-1]}" >&2
done

printf '%-20s %14s %12s %8s  %s\n' target inputs 'edges seen' 'MiB' result
printf '%s\n' "${summary[@]}"
echo "$minutes minutes each"
exit "$status"
