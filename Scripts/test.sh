#!/usr/bin/env bash
# Installs what is missing, lints, builds, and runs every test.
#
# LESSONS_SKIP_INSTALL=1 leaves out the first step. LESSONS_DATA names the folder with nasa-llis.jsonl, where it is not
# ../shared/data; without it the tests that need it are skipped.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

log="$(mktemp)"
trap 'rm -f "$log"' EXIT

step() { printf '\n== %s\n' "$*"; }

if [[ "${LESSONS_SKIP_INSTALL:-0}" != 1 ]]; then
    step "Dependencies"
    Scripts/install-dependencies.sh
fi

step "Lint"
find Package.swift Sources Tests -name '*.swift' -not -path 'Sources/Wire/Generated/*' -print0 |
    xargs -0 swift format lint --strict --parallel --configuration .swift-format
if command -v shellcheck >/dev/null; then
    shellcheck Scripts/*.sh .ci/run
fi
echo "clean"

if [[ -x Scripts/generate-protobuf.sh ]] && command -v protoc >/dev/null && command -v protoc-gen-swift >/dev/null; then
    step "Generated code"
    Scripts/generate-protobuf.sh --check
fi

step "Build"
swift build --build-tests

step "Test"
status=0
# One after the other: all at once on two cores, even a trivial test was seen to wait 40 seconds for its turn.
swift test --skip-build --no-parallel 2>&1 | tee "$log" || status=$?

step "Totals"
# The last line of each test run tells its numbers; a run that crashed has none.
grep -aE 'Test run with [0-9]+ tests?' "$log" | sed -E 's/^[^T]*//' || echo "no test run came to its end"
skipped="$(grep -acE 'Test .* skipped' "$log" || true)"
echo "$skipped skipped, in $SECONDS seconds with everything before"
if [[ "$status" -ne 0 ]]; then
    grep -aE '(recorded an issue|failed after|error:)' "$log" | head -n 60 || true
    echo "FAILED"
else
    echo "passed"
fi
exit "$status"
