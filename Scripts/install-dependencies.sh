#!/usr/bin/env bash
# Installs the packages that building and testing need and that are missing; changes nothing when none is.
#
# On Debian and its relatives with apt (as root, or through sudo). Elsewhere it only checks.
# The Swift toolchain is checked, never installed.
#
# Exit codes: 69 something is missing that this script cannot install; 77 neither root nor sudo.
set -euo pipefail

# Debian's names, each with what needs it.
packages=(
    libssl-dev       # PKI and TLS
    openssl          # tests against s_client and s_server
    libsqlite3-dev   # Storage
    pkg-config       # how the build finds OpenSSL
    ca-certificates  # fetching Swift packages
    git              # fetching Swift packages
    python3          # a client in another language, in the tests
    tmux             # a terminal that judges the full-screen client, in the tests
)

min_swift_major=6
min_swift_minor=2

say() { printf '%s\n' "install-dependencies: $*" >&2; }

is_installed() {
    [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

as_root() {
    if [[ "$(id -u)" -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "this needs root, and there is no sudo; run as root: $*"
        exit 77
    fi
}

install_missing_packages() {
    local package missing=()
    for package in "${packages[@]}"; do
        # A command that is there is enough, whatever package it came from.
        case "$package" in
        pkg-config) command -v pkg-config >/dev/null && continue ;;
        git | python3 | openssl | tmux) command -v "$package" >/dev/null && continue ;;
        esac
        is_installed "$package" || missing+=("$package")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "all packages are installed"
        return
    fi
    # libssl-dev wants exactly its own version of the library and the command, so these are upgraded along with it.
    if [[ " ${missing[*]} " == *" libssl-dev "* ]]; then
        missing+=(libssl3 openssl)
    fi
    say "installing with apt: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update --quiet
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install --quiet --yes \
        --no-install-recommends "${missing[@]}"
}

check_without_apt() {
    local missing=()
    command -v git >/dev/null || missing+=(git)
    command -v python3 >/dev/null || missing+=(python3)
    command -v openssl >/dev/null || missing+=(openssl)
    if command -v pkg-config >/dev/null; then
        pkg-config --exists 'libssl >= 3' || missing+=("OpenSSL 3 with headers")
        pkg-config --exists sqlite3 || missing+=("SQLite 3 with headers")
    else
        missing+=(pkg-config)
    fi
    [[ ${#missing[@]} -eq 0 ]] && return
    say "there is no apt here; install these first: $(printf '%s, ' "${missing[@]}" | sed 's/, $//')"
    exit 69
}

check_swift() {
    local advice="install Swift $min_swift_major.$min_swift_minor or later from https://www.swift.org/install and put it in PATH"
    if ! command -v swift >/dev/null; then
        say "there is no swift in PATH; $advice"
        exit 69
    fi
    local version
    version="$(swift --version 2>&1)" || true
    if [[ ! "$version" =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
        say "swift --version does not tell its version; $advice"
        exit 69
    fi
    local major="${BASH_REMATCH[1]}" minor="${BASH_REMATCH[2]}"
    if ((major < min_swift_major || (major == min_swift_major && minor < min_swift_minor))); then
        say "Swift $major.$minor is too old; $advice"
        exit 69
    fi
    say "Swift $major.$minor"
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_missing_packages
else
    check_without_apt
fi
check_swift
