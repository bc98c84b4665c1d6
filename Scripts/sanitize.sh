#!/usr/bin/env bash
# Runs the whole test suite, or the tests that FILTER names, under a sanitizer.
#
#   Scripts/sanitize.sh address|thread [FILTER]
#
# A report of the tests or of a process that they start stands in .build-SANITIZER/reports and makes the run fail. The first
# build takes some ten minutes, the whole suite under ThreadSanitizer half an hour or more on two cores.
#
# Exit codes: 0 no test failed and nothing was reported; 64 wrong use; 70 something was.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

sanitizer="${1:-}"
filter=()
[[ $# -lt 2 ]] || filter=(--filter "$2")
[[ "$sanitizer" =~ ^(address|thread)$ ]] || {
    echo "use: Scripts/sanitize.sh address|thread [FILTER]" >&2
    exit 64
}

folder=".build-$sanitizer"
reports="$PWD/$folder/reports"
mkdir -p "$reports"
rm -f "$reports"/*
options=()
if [[ "$sanitizer" == thread ]]; then
    clang -O1 -fsanitize=thread -c Scripts/tsan-mutex.c -o "$folder/tsan-mutex.o"
    options=(-Xlinker "$PWD/$folder/tsan-mutex.o")
fi
swift build --build-tests --sanitize="$sanitizer" --scratch-path "$folder" "${options[@]}" >&2

# Leaks: what Swift's runtime and OpenSSL keep until the end is no leak to anybody.
status=0
ASAN_OPTIONS="detect_leaks=0:log_path=$reports/report" \
    TSAN_OPTIONS="log_path=$reports/report:history_size=4:second_deadlock_stack=1:suppressions=$PWD/Scripts/tsan-suppressions.txt" \
    "$folder/debug/lessons-relayPackageTests.xctest" --testing-library swift-testing --no-parallel "${filter[@]}" ||
    status=70

shopt -s nullglob
found=("$reports"/*)
if ((${#found[@]})); then
    grep -h SUMMARY "${found[@]}" | sort | uniq -c >&2 || true
    status=70
fi
echo "${#found[@]} processes had a report"
exit "$status"
