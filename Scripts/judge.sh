#!/usr/bin/env bash
# Lets judges from outside look at what the software makes and speaks: certificates of every profile, revocation lists, status
# answers, the TLS of the members' and the EST listener, and EST with clients that are not ours.
#
#   Scripts/judge.sh              with the judges that are here
#   Scripts/judge.sh --install    installs those that are missing first (apt, and pip into a folder below $TMPDIR)
#
# Starts a relay of its own on loopback from the built programs (LESSONS_BUILD=debug or release; default: whichever is
# there), and removes it afterwards. The name relay.test must lead to 127.0.0.1; --install adds it to /etc/hosts.
#
# Exit codes: 0 no finding; 1 findings, listed at the end; 64 wrong use; 69 the programs or the relay are missing.
set -uo pipefail
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

tools="${TMPDIR:-/tmp}/lessons-judges"
work="$(mktemp -d)"
relay_pid=''
findings=()
skipped=()

note() { printf '%s\n' "$*"; }
fail() {
    printf 'judge: %s\n' "$1" >&2
    exit "${2:-69}"
}
finish() {
    [[ -n "$relay_pid" ]] && kill "$relay_pid" 2>/dev/null && wait "$relay_pid" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

# verdict NAME STATUS: notes it, and remembers a finding.
verdict() {
    if [[ "$2" -eq 0 ]]; then
        printf '  ok       %s\n' "$1"
    else
        printf '  FINDING  %s\n' "$1"
        findings+=("$1")
    fi
}

# judged NAME COMMAND...: clean when the command ends with 0; otherwise its output is shown.
judged() {
    local name="$1" status=0
    shift
    "$@" >"$work/output" 2>&1 || status=$?
    verdict "$name" "$status"
    [[ "$status" -eq 0 ]] || sed 's/^/           /' "$work/output" | tail -n 20
}

# has NAME COMMAND: whether the judge is here; otherwise it is skipped, and that is said at the end.
has() {
    [[ -x "$2" ]] || command -v "$2" >/dev/null && return 0
    skipped+=("$1")
    return 1
}

install_judges() {
    local missing=() package
    local root=()
    [[ "$(id -u)" -eq 0 ]] || root=(sudo)
    for package in gnutls-bin curl testssl.sh strongswan-pki libstrongswan-standard-plugins \
        libstrongswan-extra-plugins python3-venv; do
        [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
            missing+=("$package")
    done
    if [[ ${#missing[@]} -gt 0 ]]; then
        "${root[@]}" apt-get update --quiet >/dev/null
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet "${missing[@]}" >/dev/null
    fi
    local judge
    for judge in pkilint sslyze; do
        [[ -x "$tools/$judge/bin/python" ]] || python3 -m venv "$tools/$judge"
        "$tools/$judge/bin/pip" install --quiet "$judge"
    done
    grep -q 'relay\.test' /etc/hosts || printf '127.0.0.1 relay.test\n' | "${root[@]}" tee -a /etc/hosts >/dev/null
}

# A path with NAME's own folders, for `lessons` as that person.
as() {
    local person="$work/people/$1"
    shift
    XDG_CONFIG_HOME="$person/config" XDG_DATA_HOME="$person/data" XDG_CACHE_HOME="$person/cache" \
        XDG_STATE_HOME="$person/state" "$bin/lessons" "$@"
}
identity() { printf '%s' "$work/people/$1/data/lessons/default/identity"; }

key_id() { openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr 'A-F' 'a-f'; }
fingerprint() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr 'A-F' 'a-f'; }
# The first certificate of a chain alone.
leaf() { openssl x509 -in "$1" -out "$2"; }

port=7643
publication="http://relay.test:$((port + 3))/pki"
est="https://relay.test:$((port + 2))"

start_relay() {
    local tries
    head -c 24 /dev/urandom | base64 >"$work/passphrase"
    "$bin/lessons-relay" init --data "$work/relay" --domain relay.test --host relay.test --listen 127.0.0.1 \
        --alt-name 127.0.0.1 --port "$port" --enrolment-port "$((port + 1))" --est-port "$((port + 2))" \
        --publication-url "$publication" --publication-port "$((port + 3))" --organisation osce-sec \
        --organisation-name 'OSCE Secretariat' --administrator 'Ada Administrator' \
        --root-passphrase-file "$work/passphrase" >"$work/invitation" 2>"$work/init.log" || {
        cat "$work/init.log" >&2
        fail "the relay could not be made"
    }
    "$bin/lessons-relay" serve --data "$work/relay" >"$work/ready" 2>"$work/relay.log" &
    relay_pid=$!
    for ((tries = 0; tries < 200; tries++)); do
        grep -q '^ready' "$work/ready" && return 0
        kill -0 "$relay_pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$work/relay.log" >&2
    fail "the relay does not start; are the ports $port to $((port + 3)) free?"
}

# Members of every kind, one of them revoked and one on hold; everything that is judged ends up in $work/judged.
make_material() {
    mkdir -p "$work/judged"
    as ada join --quiet --file "$work/invitation" >/dev/null
    as ada admin add-organisation al-ombudsman --quiet --name 'Ombudsman Institution' --country AL --kind oversight
    local person kind
    for person in agim:person lira:service revoked:person held:person; do
        kind="${person#*:}"
        as ada admin invite --quiet --organisation al-ombudsman --name "${person%:*}" --kind "$kind" |
            as "${person%:*}" join --quiet - >/dev/null
    done
    for person in ada agim lira revoked held; do leaf "$(identity "$person")/certificate.pem" "$work/judged/$person.pem"; done
    cp "$work/relay/authority/root.pem" "$work/relay/authority/issuing-1.pem" "$work/judged/"
    cp "$work/relay/relay.pem" "$work/judged/relay.pem"
    local revoked held
    revoked="$(fingerprint "$work/judged/revoked.pem")"
    held="$(fingerprint "$work/judged/held.pem")"
    as ada admin revoke --quiet --fingerprint "$revoked" --reason keyCompromise --confirm "${revoked:0:16}"
    as ada admin revoke --quiet --fingerprint "$held" --reason hold --confirm "${held:0:16}"
    local tries
    for ((tries = 0; tries < 50; tries++)); do
        curl --silent --output "$work/judged/issuing.crl" "$publication/$(key_id "$work/judged/issuing-1.pem").crl"
        [[ "$(openssl crl -inform der -in "$work/judged/issuing.crl" -noout -text | grep -c 'Serial Number')" -eq 2 ]] && break
        sleep 0.2
    done
    curl --silent --output "$work/judged/root.crl" "$publication/$(key_id "$work/judged/root.pem").crl"
    ask agim good -sha256
    ask revoked revoked
    ask held held -sha256 -no_nonce
    openssl ocsp -issuer "$work/judged/issuing-1.pem" -serial 0x1234 -no_nonce -url "$publication/ocsp" -noverify \
        -respout "$work/judged/unknown.ocsp" >/dev/null 2>&1
    openssl ocsp -respin "$work/judged/good.ocsp" -noverify -resp_text 2>/dev/null |
        sed -n '/BEGIN CERT/,/END CERT/p' >"$work/judged/status.pem"
}

# ask PERSON NAME OPTION...: asks for the status of PERSON's certificate into NAME.ocsp.
ask() {
    local person="$1" name="$2"
    shift 2
    openssl ocsp "$@" -issuer "$work/judged/issuing-1.pem" -cert "$work/judged/$person.pem" -url "$publication/ocsp" \
        -CAfile "$work/judged/root.pem" -verify_other "$work/judged/issuing-1.pem" \
        -respout "$work/judged/$name.ocsp" >"$work/judged/$name.text" 2>&1
}

judge_certificates() {
    local lint="$tools/pkilint/bin" name
    cd "$work/judged" || return
    if has pkilint "$lint/lint_pkix_cert"; then
        for name in root issuing-1 relay ada agim lira status; do
            judged "pkilint, certificate: $name" "$lint/lint_pkix_cert" lint -s WARNING "$name.pem"
        done
        for name in relay ada agim lira status; do
            judged "pkilint, chain: $name" "$lint/lint_pkix_signer_signee_cert_chain" lint -s WARNING issuing-1.pem \
                "$name.pem"
        done
        judged 'pkilint, chain: issuing-1' "$lint/lint_pkix_signer_signee_cert_chain" lint -s WARNING root.pem \
            issuing-1.pem
        judged 'pkilint, list of the issuing certificate' "$lint/lint_crl" lint -t CRL -p PKIX -s WARNING issuing.crl
        judged 'pkilint, list of the root' "$lint/lint_crl" lint -t ARL -p PKIX -s WARNING root.crl
        for name in good revoked held unknown; do
            judged "pkilint, status answer: $name" "$lint/lint_ocsp_response" lint -s WARNING "$name.ocsp"
        done
    fi
    openssl crl -inform der -in issuing.crl -out issuing.crl.pem && openssl crl -inform der -in root.crl -out root.crl.pem
    cat issuing.crl.pem root.crl.pem >lists.pem
    local strict=(openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing-1.pem -CRLfile lists.pem)
    for name in ada agim lira; do judged "openssl verify -x509_strict: $name" "${strict[@]}" -purpose sslclient "$name.pem"; done
    judged 'openssl verify -x509_strict: relay' "${strict[@]}" -purpose sslserver relay.pem
    judged 'openssl verify refuses what is revoked' refuses "${strict[@]}" -purpose sslclient revoked.pem
    judged 'openssl ocsp: good, its nonce repeated' told good.text 'Response verify OK' 'agim.pem: good'
    judged 'openssl ocsp: no nonce is wrong or missing' refuses grep -qi 'nonce' good.text
    judged 'openssl ocsp: revoked, with reason and time' told revoked.text 'Response verify OK' ': revoked' \
        'Reason: keyCompromise' 'Revocation Time'
    judged 'openssl ocsp: on hold' told held.text 'Response verify OK' 'Reason: certificateHold'
    if has gnutls-bin certtool; then
        cat agim.pem issuing-1.pem root.pem >chain.pem
        judged 'certtool --verify-chain' certtool --verify-chain --infile chain.pem
        judged 'ocsptool' ocsptool "--ask=$publication/ocsp" --load-issuer issuing-1.pem --load-cert agim.pem \
            --load-signer status.pem
    fi
    cd - >/dev/null || return
}

refuses() { ! "$@"; }
told() {
    local file="$1" words
    shift
    for words in "$@"; do grep -q -- "$words" "$file" || { cat "$file"; return 1; }; done
}

judge_tls() {
    local sslyze="$tools/sslyze/bin/sslyze" listener name
    for listener in "$port:members" "$((port + 2)):EST"; do
        name="${listener#*:}"
        if has sslyze "$sslyze"; then
            judged "sslyze --mozilla_config modern: $name" compliant "$sslyze" "${listener%:*}"
        fi
        if has testssl testssl; then
            judged "testssl, nothing worse than INFO that is not explained: $name" unexplained "${listener%:*}"
        fi
    done
    if has gnutls-bin gnutls-cli; then
        judged 'gnutls-cli: EST' sh -c \
            "gnutls-cli --x509cafile '$work/judged/root.pem' --alpn http/1.1 -p $((port + 2)) relay.test </dev/null"
    fi
}

compliant() {
    "$1" --mozilla_config modern --certinfo_ca_file "$work/judged/root.pem" "relay.test:$2" >"$work/sslyze" 2>&1
    grep -q 'OK - Compliant' "$work/sslyze" || { tail -n 15 "$work/sslyze"; return 1; }
}

# What testssl says of a private name without a CAA record in the DNS, and of a port that is no HTTP server, is explained;
# so is the members' port, whose handshake it cannot complete without a certificate.
unexplained() {
    rm -f "$work/testssl.json"
    testssl --quiet --color 0 --warnings off --ip 127.0.0.1 --add-ca "$work/judged/root.pem" \
        --jsonfile "$work/testssl.json" "relay.test:$1" >/dev/null 2>&1
    python3 - "$work/testssl.json" <<'PYTHON'
import json, sys

explained = {"DNS_CAArecord", "service", "scanTime"}
found = [
    f"{entry['severity']} {entry['id']}: {entry['finding']}"
    for entry in json.load(open(sys.argv[1]))
    if entry["severity"] not in ("OK", "INFO", "DEBUG") and entry["id"] not in explained
]
print("\n".join(found))
sys.exit(1 if found else 0)
PYTHON
}

judge_est() {
    cd "$work" || return
    local token
    if has curl curl; then
        token="$(as ada admin invite --quiet --organisation al-ombudsman --name 'Curl' --kind service | sed 's,.*/,,')"
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout curl.key -subj /CN=curl \
            -outform DER -out curl.csr 2>/dev/null
        judged 'curl: a wrong token gives nothing' refuses enrol wrong
        judged 'curl: simpleenroll' enrol "$token"
        judged 'curl: a used token gives nothing' refuses enrol "$token"
        judged 'curl: simplereenroll' reenrol
        judged 'the certificate opens the relay' opens curl.pem curl.key
    fi
    if has strongSwan pki && pki --help 2>&1 | grep -q -- --estca; then
        printf 'pki {\n  tls {\n    version_max = 1.3\n  }\n}\n' >strongswan.conf
        export STRONGSWAN_CONF="$work/strongswan.conf"
        token="$(as ada admin invite --quiet --organisation al-ombudsman --name 'Swan' --kind service | sed 's,.*/,,')"
        judged 'strongSwan: pki --estca' timeout 60 pki --estca --url "$est" --cacert judged/root.pem --caout swan-ca \
            --outform pem --force
        pki --gen --type ecdsa --size 256 --outform pem >swan.key 2>/dev/null
        pki --req --type ecdsa --in swan.key --dn 'CN=swan' --outform der >swan.csr 2>/dev/null
        local swan=(timeout 60 pki --est --url "$est" --in swan.csr --cacert judged/root.pem --cacert
            judged/issuing-1.pem --outform pem)
        judged 'strongSwan: pki --est' into swan.pem "${swan[@]}" --userpass "swan:$token"
        judged 'strongSwan: a used token gives nothing' refuses "${swan[@]}" --userpass "swan:$token"
        judged 'strongSwan: re-enrolment' into swan2.pem "${swan[@]}" --cert swan.pem --key swan.key
        judged 'its certificate opens the relay' opens swan2.pem swan.key
    fi
    cd - >/dev/null || return
}

into() {
    local file="$1"
    shift
    "$@" >"$file" && openssl x509 -in "$file" -noout
}

enrol() {
    base64 curl.csr | curl --silent --fail --cacert judged/root.pem --user "x:$1" --data-binary @- \
        --header 'Content-Type: application/pkcs10' "$est/.well-known/est/simpleenroll" |
        base64 -d | openssl pkcs7 -inform der -print_certs -out curl.pem && openssl x509 -in curl.pem -noout
}

reenrol() {
    base64 curl.csr | curl --silent --fail --cacert judged/root.pem --cert curl.pem --key curl.key --data-binary @- \
        --header 'Content-Type: application/pkcs10' "$est/.well-known/est/simplereenroll" |
        base64 -d | openssl pkcs7 -inform der -print_certs -out curl2.pem && openssl x509 -in curl2.pem -noout
}

opens() {
    openssl s_client -connect "relay.test:$port" -tls1_3 -alpn lessons/1 -CAfile judged/root.pem -cert "$1" -key "$2" \
        -verify_return_error </dev/null 2>&1 | grep -q 'ALPN protocol: lessons/1'
}

case "${1:-}" in
'') ;;
--install) install_judges ;;
*) fail "use: Scripts/judge.sh [--install]" 64 ;;
esac

bin=''
for build in ${LESSONS_BUILD:-release debug}; do
    [[ -x ".build/$build/lessons-relay" && -x ".build/$build/lessons" ]] && bin="$PWD/.build/$build" && break
done
[[ -n "$bin" ]] || fail "build first: swift build"
for program in openssl curl python3; do command -v "$program" >/dev/null || fail "$program is missing"; done
getent hosts relay.test | grep -q '^127\.0\.0\.1' || fail "relay.test must lead to 127.0.0.1: put it into /etc/hosts"

start_relay
make_material
note 'Certificates, lists and status answers'
judge_certificates
note 'TLS'
judge_tls
note 'EST'
judge_est

note ''
[[ ${#skipped[@]} -eq 0 ]] || note "Not here, so not asked: $(printf '%s\n' "${skipped[@]}" | sort -u | paste -sd ' ')"
if [[ ${#findings[@]} -gt 0 ]]; then
    note "${#findings[@]} findings:"
    printf '  %s\n' "${findings[@]}"
    exit 1
fi
note 'No finding.'
