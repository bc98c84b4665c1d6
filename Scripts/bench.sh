#!/usr/bin/env bash
# Builds the release programs and prints what the relay costs on this machine, beside Mosquitto and NATS in the same run.
#
#   Scripts/bench.sh               the whole table with its ratios, some minutes; the more quiet the machine, the better
#   Scripts/bench.sh ARGUMENTS     one load: what `lessons-bench --help` tells, such as: Scripts/bench.sh fanout --subscribers 10
#
# Brokers that are missing are installed with apt where that is allowed, and never started but for a load;
# LESSONS_SKIP_INSTALL=1 leaves them out. Listens on loopback only.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian starts services that it installs: these are wanted for their programs.
install_brokers() {
    local missing=()
    command -v mosquitto >/dev/null || [[ -x /usr/sbin/mosquitto ]] || missing+=(mosquitto)
    command -v nats-server >/dev/null || [[ -x /usr/sbin/nats-server ]] || missing+=(nats-server)
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ "${LESSONS_SKIP_INSTALL:-0}" == 1 || "$(id -u)" -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "bench: without ${missing[*]}, which only root can install" >&2
        return 0
    fi
    apt-get update --quiet >&2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "${missing[@]}" >&2
    if [[ -d /run/systemd/system ]]; then systemctl disable --now "${missing[@]}" >&2 || true; fi
}

swift build -c release --product lessons-relay >&2
swift build -c release --product lessons-bench >&2
bench="$(swift build -c release --show-bin-path)/lessons-bench"
[[ $# -eq 0 ]] || exec "$bench" "$@"

install_brokers
peers=("$bench" peers)
# JetStream is durable when it acknowledges only on a file system that syncs every write.
if [[ "$(id -u)" -eq 0 ]]; then
    image="$(mktemp)" folder="$(mktemp -d)"
    trap 'umount "$folder" 2>/dev/null || true; rm -rf --one-file-system "$image" "$folder"' EXIT
    truncate --size=1G "$image"
    if mkfs.ext4 -q "$image" && mount -o loop,sync "$image" "$folder"; then
        peers+=(--synchronous-store "$folder")
    else
        echo "bench: without a synchronous file system, so without JetStream as a durable broker" >&2
    fi
fi
"${peers[@]}"
"$bench" catchup
"$bench" idle
"$bench" sessions
