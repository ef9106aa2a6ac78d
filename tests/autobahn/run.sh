#!/usr/bin/env bash
# Runs the Autobahn test suite's fuzzing client, all its 517 cases, against a WebSocket echo server.
#
#   tests/autobahn/run.sh                                    # builds ws_example, and asks its /ws-high
#   tests/autobahn/run.sh --path /ws-low                     # another path of it
#   tests/autobahn/run.sh --path / -- SERVER ARGUMENT...     # a server that prints `listening on http://HOST:PORT`
#   tests/autobahn/run.sh --url ws://127.0.0.1:9001/ws-high  # one that runs already
#   CASES="1.* 12.1.*" tests/autobahn/run.sh                 # these cases only
#
# The suite needs Python 2.7, looked for on PATH, in PYTHON27 and among pyenv's versions; it is installed from PyPI, once,
# below the target folder, and so is the report. Ends with 0 when every case is OK or informational, 1 when one is not,
# and 77 when there is no Python 2.7.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

no_python=77
path=/ws-high
url=
while [ $# -gt 0 ]; do
    case $1 in
    --path) path=$2 && shift 2 ;;
    --url) url=$2 && shift 2 ;;
    --) shift && break ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
done

# A pyenv shim is on PATH even where its version is not chosen, so each candidate is asked.
find_python() {
    local candidate
    for candidate in "${PYTHON27:-}" "$(command -v python2.7 || true)" "$(command -v python2 || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python; do
        if [ -x "$candidate" ] && "$candidate" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    echo "autobahn: skipped: no Python 2.7 with pip here (PYTHON27=/path/to/python2.7 names one)"
    exit "$no_python"
fi

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
suite=$target/autobahn/suite
report=$target/autobahn/report
if [ ! -e "$suite/.complete" ]; then
    echo "autobahn: installing autobahntestsuite from PyPI, which takes about a minute"
    rm -rf "$suite"
    mkdir -p "$suite"
    "$python" -m pip install --quiet --disable-pip-version-check --target "$suite" autobahntestsuite 2>"$suite/log" ||
        { cat "$suite/log" >&2; exit 1; }
    touch "$suite/.complete"
fi

scratch=$(mktemp -d)
server_pid=
cleanup() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

start_server() {
    local addr=
    if [ $# -eq 0 ]; then
        cargo build --release --quiet -p hop-examples --bin ws_example
        set -- "$target/release/ws_example" --addr 127.0.0.1:0
    fi
    "$@" >"$scratch/stdout" &
    server_pid=$!
    for _ in $(seq 200); do
        addr=$(sed -n 's|^listening on http://||p' "$scratch/stdout")
        [ -z "$addr" ] || break
        sleep 0.05
    done
    [ -n "$addr" ] || { echo "autobahn: $1 does not listen" >&2; exit 1; }
    url=ws://$addr$path
}

[ -n "$url" ] || start_server "$@"
rm -rf "$report"
mkdir -p "$report"
"$python" -s "$here/suite.py" "$suite" "$url" "$report" "${CASES:-*}"
