#!/usr/bin/env bash
# Makes a demonstration relay in .demo/, lets two organisations join it, and shows a lesson going from one to the other.
#
#   Scripts/quickstart.sh         install what is missing, build, show; again and again as you like
#   Scripts/quickstart.sh stop    stop the demonstration relay; all that was posted stays
#   Scripts/quickstart.sh clean   stop it and remove .demo/
#
# LESSONS_SKIP_INSTALL=1 leaves out the first step. LESSONS_BUILD=debug builds faster programs to wait for, and slower ones
# to use.
#
# Exit codes: 64 wrong use; 69 something is missing, or the relay does not start; else that of the step that failed.
set -euo pipefail
umask 077

cd "$(dirname "${BASH_SOURCE[0]}")/.."

demo="$PWD/.demo"
data="$demo/relay"
pid_file="$demo/relay.pid"
configuration="${LESSONS_BUILD:-release}"

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' dim='' plain=''
fi

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s\n' "$*"; }
fail() {
    printf 'quickstart: %s\n' "$1" >&2
    exit "${2:-69}"
}

# What a reader could type, then what it prints. Words that a shell would take apart are shown in quotes.
show() {
    local word line=''
    for word in "$@"; do
        [[ "$word" == *[!A-Za-z0-9./_-]* ]] && word="'$word'"
        line+=" $word"
    done
    printf '%s$%s%s\n' "$dim" "$line" "$plain"
    "$@"
}

# The demonstration relay's process; nothing when it does not run. A number that now is another process's does not count.
relay_pid() {
    local pid
    [[ -r "$pid_file" ]] || return 0
    pid="$(<"$pid_file")"
    [[ "$pid" =~ ^[0-9]+$ ]] || return 0
    [[ "$(ps -o args= -p "$pid" 2>/dev/null || true)" == *"serve --data $data"* ]] || return 0
    printf '%s' "$pid"
}

stop_relay() {
    local pid tries
    pid="$(relay_pid)"
    [[ -n "$pid" ]] || return 0
    kill -TERM "$pid"
    for ((tries = 0; tries < 150; tries++)); do
        if [[ -z "$(relay_pid)" ]]; then
            rm -f "$pid_file"
            return 0
        fi
        sleep 0.1
    done
    fail "the relay (process $pid) does not stop; look into $demo/relay.log"
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

choose_port() {
    local port
    for ((port = 7443; port < 7543; port += 10)); do
        if is_free "$port" && is_free "$((port + 1))"; then
            printf '%s' "$port"
            return 0
        fi
    done
    fail "the ports 7443 to 7534 of this machine are taken"
}

start_relay() {
    local tries pid
    if [[ -n "$(relay_pid)" ]]; then
        note "It runs already."
        return 0
    fi
    : >"$demo/relay.out"
    nohup "$bin/lessons-relay" serve --data "$data" >"$demo/relay.out" 2>>"$demo/relay.log" </dev/null &
    pid=$!
    printf '%s\n' "$pid" >"$pid_file"
    disown
    for ((tries = 0; tries < 300; tries++)); do
        if grep -q '^ready' "$demo/relay.out"; then
            note "It listens on 127.0.0.1, ports $(sed -n 's/^ready \([0-9]*\) \([0-9]*\).*$/\1 and \2/p' "$demo/relay.out")."
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$demo/relay.log" >&2
    fail "the relay did not start; its log is $demo/relay.log"
}

# A small program .demo/NAME that is `lessons` on a machine of that person's own.
make_person() {
    local home="$demo/people/$1"
    mkdir -p "$home"
    cat >"$demo/$1" <<EOF
#!/usr/bin/env bash
# lessons, as $2 of the demonstration.
export XDG_CONFIG_HOME='$home/config' XDG_DATA_HOME='$home/data'
export XDG_CACHE_HOME='$home/cache' XDG_STATE_HOME='$home/state'
unset LESSONS_PROFILE
exec '$bin/lessons' "\$@"
EOF
    chmod 700 "$demo/$1"
}

make_people() {
    make_person administrator 'the administrator'
    make_person ombudsman 'the Ombudsman of Albania'
    make_person academy 'the police academy of Georgia'
}

make_relay() {
    local port
    # Left over from a run that was interrupted.
    stop_relay
    rm -rf "$data" "$demo/people"
    make_people
    port="$(choose_port)"
    head -c 24 /dev/urandom | base64 >"$demo/root-passphrase"
    "$bin/lessons-relay" init --data "$data" --domain relay.demo --host 127.0.0.1 --listen 127.0.0.1 \
        --port "$port" --enrolment-port "$((port + 1))" \
        --organisation demo-relay --organisation-name 'Demonstration Relay' --administrator 'Ada Administrator' \
        --root-passphrase-file "$demo/root-passphrase" >"$demo/invitation" 2>"$demo/init.log" || {
        cat "$demo/init.log" >&2
        fail "the relay could not be made"
    }
    note "Made, with its own certificate authority, in .demo/relay."
}

# invite ORGANISATION NAME: prints an invitation; only the administrator may.
invite() { "$demo/administrator" admin invite --quiet --organisation "$1" --name "$2"; }

join_people() {
    "$demo/administrator" join --quiet --file "$demo/invitation" >/dev/null
    rm -f "$demo/invitation"
    "$demo/administrator" admin add-organisation al-ombudsman --quiet --name 'Ombudsman Institution' --country AL \
        --kind oversight
    "$demo/administrator" admin add-organisation ge-police-academy --quiet --name 'Police Academy' --country GE \
        --kind academia
    note "The administrator has added two organisations, and invites a member of each. They join:"
    invite al-ombudsman 'Agim Hoxha' | "$demo/ombudsman" join --quiet -
    invite ge-police-academy 'Nino Beridze' | "$demo/academy" join --quiet -
    "$demo/academy" subscribe --quiet 'policing/#' 'accountability/#'
    : >"$demo/complete"
}

write_lesson() {
    cat >"$demo/lesson.md" <<'EOF'
---
title: Complaints rise when people can hand them in without a police officer
topic: accountability/complaints
language: en
marking: GREEN
event-date: 2026-06
country: AL
tags: [complaints, access, trust]
---

## Observation

In two districts, forms for complaints against police lay in town halls and libraries from January on. Within six months
three times as many complaints came in, most of them about conduct in the street.

## Discussion

The rise was first read as a sign of worse policing. Interviews showed the contrary: people who had kept silent now
spoke, and eight in ten said that they had not dared to hand a complaint in at a police station.

## Conclusion

Complaints were missing because the only way led past the desk of the officers whom they were about.

## Recommendation

Take complaints in places without police, and on paper. Tell commanders beforehand that numbers will rise, and judge
them by how complaints are answered. The oversight body should publish both numbers each quarter.

## Evidence

Register of complaints of both districts, January to June 2026; 212 interviews.
EOF
}

show_live() {
    local tries watcher
    # What waits since the last time goes first, so that the next post is the one to come.
    "$demo/ombudsman" outbox send --quiet
    "$demo/academy" watch --quiet --until-caught-up >/dev/null
    note "The academy watches:"
    printf '%s$ .demo/academy watch --limit 1%s\n' "$dim" "$plain"
    timeout 60 "$demo/academy" watch --limit 1 >"$demo/received" 2>"$demo/watch.log" &
    watcher=$!
    for ((tries = 0; tries < 200; tries++)); do
        if grep -q 'up to date' "$demo/watch.log"; then break; fi
        kill -0 "$watcher" 2>/dev/null || break
        sleep 0.1
    done
    note "The Ombudsman writes a lesson (.demo/lesson.md) and posts it:"
    write_lesson
    show .demo/ombudsman post .demo/lesson.md
    wait "$watcher" || {
        cat "$demo/watch.log" >&2
        fail "the lesson did not arrive"
    }
    note ''
    note "The academy has received, its author's signature verified:"
    cat "$demo/received"
}

show_thread() {
    local thread
    # Its number, as the academy has received it: #12 ...
    thread="$(sed -n '1s/^#\([0-9]*\) .*/\1/p' "$demo/received")"
    [[ -n "$thread" ]] || fail "what was received has no number; see $demo/received"
    show .demo/academy reply "$thread" --quiet --message \
        'We teach this from autumn on. Which form do you use? Ours has four pages, and few get past the second.'
    note ''
    show .demo/ombudsman show "$thread"
}

what_next() {
    cat <<EOF
Three people are at hand, each a program in .demo/ that is \`lessons\` with folders of its own:

    .demo/academy                               the full-screen client; ? shows the keys, q ends it
    .demo/academy watch                         receive live; stop with Ctrl-C
    .demo/ombudsman topics                      what there is, and how much of it
    .demo/ombudsman post                        write a lesson in your editor
    .demo/ombudsman post .demo/lesson.md --marking AMBER --audience ge-police-academy
    .demo/academy threads                       then: .demo/academy show NUMBER
    .demo/academy search 'complaint*'           find what was posted
    .demo/academy export NUMBER -o lesson.md    a thread as Markdown
    .demo/administrator admin invitations       and more: .demo/administrator admin --help
    .demo/academy status

Posts wait while the relay is away: stop it, post, run this script again, then .demo/ombudsman outbox send.

    Scripts/quickstart.sh stop                  stop the relay; everything stays
    Scripts/quickstart.sh clean                 stop it and remove .demo/
EOF
}

case "${1:-start}" in
start) ;;
stop)
    if [[ -z "$(relay_pid)" ]]; then
        note "The demonstration relay does not run."
    else
        stop_relay
        note "The demonstration relay has stopped. Run Scripts/quickstart.sh to go on."
    fi
    exit 0
    ;;
clean)
    stop_relay
    rm -rf "$demo"
    note ".demo/ is removed."
    exit 0
    ;;
*) fail "use: Scripts/quickstart.sh [stop|clean]" 64 ;;
esac
[[ "$configuration" == release || "$configuration" == debug ]] || fail "LESSONS_BUILD is release or debug" 64

if [[ "${LESSONS_SKIP_INSTALL:-0}" != 1 ]]; then
    step "What is needed"
    Scripts/install-dependencies.sh
fi

step "Build (some minutes at the first time)"
# All programs in one go: a build of one product would undo a part of the other's. What is built is no secret.
(umask 022 && swift build -c "$configuration")
bin="$(swift build -c "$configuration" --show-bin-path)"

step "A relay"
mkdir -p "$demo"
if [[ -e "$demo/complete" ]]; then
    note "It is there already, in .demo/relay."
    make_people
    start_relay
else
    make_relay
    start_relay
    step "Two organisations join"
    join_people
fi

step "A lesson is posted and received"
show_live

step "The other side answers, and the thread reads"
show_thread

step "What to try next"
what_next
