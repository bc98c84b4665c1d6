#!/usr/bin/env bash
# Builds the Debian package of the relay and the client for this machine's architecture.
#
#   Scripts/package.sh [FOLDER]        writes lessons-relay_VERSION_ARCHITECTURE.deb into FOLDER, by default .build/package
#   Scripts/package.sh --try FILE      installs FILE in a clean root made with debootstrap, serves from it, upgrades, removes
#
# The Swift runtime is linked in; what the programs need of Debian is OpenSSL and SQLite, which its security fixes reach.
# Needs dpkg-deb, and for --try root and debootstrap. A first build takes some minutes.
#
# Exit codes: 64 wrong use; 69 something is missing; 70 the try found something wrong; else that of the step that failed.
set -euo pipefail
umask 022

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "package: $*" >&2; }
fail() {
    say "$1"
    exit "${2:-69}"
}
need() { command -v "$1" >/dev/null || fail "$1 is missing; install it with: apt-get install $2"; }

version="$(sed -n 's/.*static let text = "\([0-9.]*\)".*/\1/p' Sources/LessonsCommand/Version.swift)"
[[ -n "$version" ]] || fail "no version in Sources/LessonsCommand/Version.swift" 70

# One time for all files of a version, so that the same sources give the same package.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

build_programs() {
    local scratch=.build/static
    local options=(-c release --static-swift-stdlib --scratch-path "$scratch")
    swift build "${options[@]}" --product lessons-relay >&2
    swift build "${options[@]}" --product lessons >&2
    programs="$(swift build "${options[@]}" --show-bin-path)"
}

# A page of the manual for each command, made from the commands by the argument parser's own tool; the keys of the
# full-screen client come from its registry.
write_manual() {
    local program file name pages="$root/usr/share/man/man1" tool=.build/manual
    swift build --package-path .build/static/checkouts/swift-argument-parser --scratch-path "$tool" \
        --product generate-manual >&2
    for program in lessons lessons-relay; do
        "$tool/debug/generate-manual" "$programs/$program" --multi-page --section 1 \
            --date "$(date --utc --date="@$SOURCE_DATE_EPOCH" +%F)" --output-directory "$pages"
    done
    {
        printf '.Sh KEYS\n.Bl -tag -width 12n\n'
        "$programs/lessons" keys --json | python3 -c '
import json, sys
for command in map(json.loads, sys.stdin):
    keys = " ".join(command["keys"]) or ":" + command["command"]
    print(".It Sy \\&" + keys.replace("\\", "\\e") + "\n\\&" + command["title"])'
        printf '.El\n'
    } >>"$pages/lessons.1"
    # man lessons-post, as is usual, and not lessons.post.
    for file in "$pages"/*.*.1; do
        name="$(basename "$file" .1)"
        name="${name//./-}"
        sed -i "0,/^\.Nm /s/^\.Nm .*/.Nm $name/" "$file"
        mv "$file" "$pages/$name.1"
    done
    gzip --no-name --best "$pages"/*.1
}

# Of what is linked in.
write_licences() {
    local folder file
    install -d "$root/usr/share/doc/lessons-relay/third-party"
    for folder in .build/static/checkouts/*/; do
        for file in "$folder"LICENSE* "$folder"NOTICE*; do
            [[ -f "$file" ]] || continue
            install -m 0644 "$file" "$root/usr/share/doc/lessons-relay/third-party/$(basename "$folder")-$(basename "$file")"
        done
    done
}

write_completions() {
    local program shell folder name
    for program in lessons lessons-relay; do
        for shell in bash zsh fish; do
            case "$shell" in
            bash) folder=bash-completion/completions name="$program" ;;
            zsh) folder=zsh/vendor-completions name="_$program" ;;
            fish) folder=fish/vendor_completions.d name="$program.fish" ;;
            esac
            install -d "$root/usr/share/$folder"
            "$programs/$program" --generate-completion-script "$shell" >"$root/usr/share/$folder/$name"
            chmod 0644 "$root/usr/share/$folder/$name"
        done
    done
}

# The packages of the libraries that the programs load.
dependencies() {
    local work
    work="$(mktemp -d)"
    mkdir "$work/debian"
    printf 'Source: lessons-relay\n\nPackage: lessons-relay\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O "$1/usr/bin/lessons" "$1/usr/bin/lessons-relay" 2>/dev/null) |
        sed -n 's/^shlibs:Depends=//p'
    rm -r "$work"
}

write_control() {
    local architecture="$1" depends
    depends="$(dependencies "$root")"
    [[ -n "$depends" ]] || fail "dpkg-shlibdeps names no libraries" 70
    install -d -m 0755 "$root/DEBIAN"
    cat >"$root/DEBIAN/control" <<END
Package: lessons-relay
Version: $version
Architecture: $architecture
Maintainer: ${DEBFULLNAME:-Lessons Relay} <${DEBEMAIL:-root@localhost}>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends, adduser
Section: net
Priority: optional
Description: relay on which organisations exchange lessons learned, and its client
 A TLS-secured relay stores threads of lessons and hands each post at once to
 every organisation that follows its topic and may see it. Members prove
 themselves by certificates that the relay's own authority issues, renews and
 revokes. The client lessons posts, follows, searches and works offline, in a
 full screen, in lines, or from scripts.
END
    # Made by hand and kept for ever: the relay's data are not the package's.
    cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    if ! getent passwd lessons-relay >/dev/null; then
        adduser --system --group --home /var/lib/lessons-relay --no-create-home \
            --gecos "Lessons Relay" lessons-relay >/dev/null
    fi
    if [ ! -d /var/lib/lessons-relay ]; then
        install -d -o lessons-relay -g lessons-relay -m 0700 /var/lib/lessons-relay
    fi
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        if [ -n "$2" ]; then systemctl try-restart lessons-relay.service >/dev/null || true; fi
    fi
    if [ ! -d /var/lib/lessons-relay/relay ]; then
        echo "lessons-relay: make a relay with: runuser -u lessons-relay -- lessons-relay init --help" >&2
    fi
fi
END
    cat >"$root/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl disable --now lessons-relay.service >/dev/null 2>&1 || true
fi
END
    cat >"$root/DEBIAN/postrm" <<'END'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi
if [ "$1" = purge ] && [ -d /var/lib/lessons-relay ]; then
    echo "lessons-relay: /var/lib/lessons-relay stays, with what the members have posted; delete it by hand" >&2
fi
END
    chmod 0755 "$root"/DEBIAN/{postinst,prerm,postrm}
    (cd "$root" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
}

build() {
    local folder="$1" architecture
    need dpkg-deb dpkg
    need dpkg-shlibdeps dpkg-dev
    need python3 python3
    architecture="$(dpkg --print-architecture)"
    build_programs
    root="$(mktemp -d)"
    trap 'rm -rf "$root"' EXIT
    chmod 0755 "$root"
    install -d "$root"/usr/{bin,share/man/man1,share/doc/lessons-relay} "$root/lib/systemd/system"
    install -m 0755 --strip "$programs/lessons" "$programs/lessons-relay" "$root/usr/bin/"
    sed 's|/usr/local/bin/|/usr/bin/|; /^# /d; /^#$/d' Scripts/lessons-relay.service \
        >"$root/lib/systemd/system/lessons-relay.service"
    chmod 0644 "$root/lib/systemd/system/lessons-relay.service"
    install -m 0644 README.md "$root/usr/share/doc/lessons-relay/"
    gzip --no-name --best "$root/usr/share/doc/lessons-relay/README.md"
    write_licences
    write_manual
    write_completions
    write_control "$architecture"
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    mkdir -p "$folder"
    dpkg-deb --root-owner-group --build "$root" "$folder/lessons-relay_${version}_$architecture.deb" >&2
    printf '%s\n' "$folder/lessons-relay_${version}_$architecture.deb"
}

# In a clean root: install, make a relay, serve, post and read; install again while it serves; remove, purge; the data stay.
try() {
    local package="$1" port=18443 enrolment=18444
    [[ "$(id -u)" -eq 0 ]] || fail "--try needs root" 69
    need debootstrap debootstrap
    [[ -r "$package" ]] || fail "there is no $package" 64
    pid="" clean="$(mktemp -d)"
    trap '[[ -z "$pid" ]] || kill "$pid" 2>/dev/null || true; umount "$clean/proc" 2>/dev/null || true; rm -rf --one-file-system "$clean"' EXIT
    chmod 0755 "$clean"
    say "a clean root"
    debootstrap --variant=minbase bookworm "$clean" >&2
    # Programs find their arguments there.
    mount -t proc proc "$clean/proc"
    cp "$package" "$clean/package.deb"
    cp /etc/resolv.conf "$clean/etc/resolv.conf"
    local -a inside=(chroot "$clean" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
    inside() { "${inside[@]}" "$@"; }
    as_relay() { inside setpriv --reuid lessons-relay --regid lessons-relay --init-groups "$@"; }
    say "installing"
    inside sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /package.deb' >&2
    inside lessons --version
    inside lessons-relay --version
    printf 'a passphrase of the try\n' >"$clean/tmp/pass"
    chmod 0644 "$clean/tmp/pass"
    serve() {
        # Each program becomes the next, so that the number is the relay's.
        "${inside[@]}" setpriv --reuid lessons-relay --regid lessons-relay --init-groups \
            lessons-relay serve --data /var/lib/lessons-relay/relay >"$clean/tmp/relay.out" 2>&1 &
        pid=$!
        # The argument is the inner shell's.
        # shellcheck disable=SC2016
        timeout 30 sh -c 'until grep -q "^ready" "$1"; do sleep 0.2; done' sh "$clean/tmp/relay.out" ||
            fail "the relay does not start: $(cat "$clean/tmp/relay.out")" 70
    }
    say "a relay, a member, a lesson"
    as_relay lessons-relay init --data /var/lib/lessons-relay/relay --domain relay.test --host 127.0.0.1 \
        --listen 127.0.0.1 --port $port --enrolment-port $enrolment --organisation osce-sec --organisation-name OSCE \
        --administrator Ada --root-passphrase-file /tmp/pass >"$clean/tmp/invitation"
    serve
    grep -o 'lessons://[^ ]*' "$clean/tmp/invitation" | head -1 | inside lessons join -
    printf -- '---\ntitle: "It is installed"\ntopic: policing/community\nlanguage: en\nmarking: GREEN\n---\n\n## Observation\n\nIt works.\n\n## Recommendation\n\nKeep it.\n' |
        inside lessons post -
    say "an upgrade"
    dpkg_upgrade() { inside dpkg -i /package.deb >&2; }
    dpkg_upgrade
    kill -TERM "$pid"
    wait "$pid" || true
    serve
    inside lessons threads | grep -q "It is installed" || fail "the lesson is gone after the upgrade" 70
    kill -TERM "$pid"
    wait "$pid" || true
    as_relay lessons-relay doctor --data /var/lib/lessons-relay/relay
    say "a removal"
    inside dpkg --remove lessons-relay >&2
    inside dpkg --purge lessons-relay >&2
    inside sh -c '! command -v lessons' || fail "the program is still there" 70
    [[ -s "$clean/var/lib/lessons-relay/relay/relay.sqlite" ]] || fail "the data are gone" 70
    say "and back"
    inside dpkg -i /package.deb >&2
    serve
    inside lessons threads | grep -q "It is installed" || fail "the lesson is gone after the removal" 70
    kill -TERM "$pid"
    wait "$pid" || true
    say "installed, served, upgraded, removed, and nothing was lost"
}

case "${1:-}" in
--try)
    [[ $# -eq 2 ]] || fail "use: Scripts/package.sh --try FILE" 64
    try "$2"
    ;;
--help | -h) sed -n '2,12p' "${BASH_SOURCE[0]}" | cut -c3- ;;
-*) fail "unknown option $1; see --help" 64 ;;
*) build "${1:-.build/package}" ;;
esac
