#!/usr/bin/env bash
# Makes Sources/Wire/Generated from Sources/Wire/lessons.proto; with --check, compares and changes nothing.
# Needs protoc (Debian: protobuf-compiler). protoc-gen-swift is taken from PATH, or built from the package's own
# swift-protobuf, which takes some minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v protoc >/dev/null; then
    echo "protoc is missing: apt-get install protobuf-compiler" >&2
    exit 69
fi
plugin=$(command -v protoc-gen-swift || true)
if [ -z "$plugin" ]; then
    swift build --product protoc-gen-swift >&2
    plugin=$(swift build --show-bin-path)/protoc-gen-swift
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
protoc --plugin="protoc-gen-swift=$plugin" \
    --swift_opt=Visibility=Package --swift_opt=UseAccessLevelOnImports=true \
    --proto_path=Sources/Wire --swift_out="$out" lessons.proto

target=Sources/Wire/Generated/lessons.pb.swift
if [ "${1:-}" = "--check" ]; then
    diff -u "$target" "$out/lessons.pb.swift" || {
        echo "$target is not what Sources/Wire/lessons.proto makes: run Scripts/generate-protobuf.sh" >&2
        exit 65
    }
else
    mkdir -p "$(dirname "$target")"
    mv "$out/lessons.pb.swift" "$target"
    echo "wrote $target"
fi
