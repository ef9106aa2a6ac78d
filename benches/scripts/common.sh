# Sourced by the scripts beside it: builds once, then runs a server under a tool, drives it, and ends it.
# Knobs, as environment variables:
#   SERVERS      names of binaries (default: those of limit, std_example, tokio_example and hop_example that exist)
#   WS_PATH      where WebSockets are opened (default /ws-high)
#   CONNECTIONS  busy at once (default 64)
#   FEW, MANY    requests of the two runs whose difference is taken (default 2000 and 8000)

set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

CONNECTIONS=${CONNECTIONS:-64}
FEW=${FEW:-2000}
MANY=${MANY:-8000}

scratch=$(mktemp -d)
server_pid=
cleanup() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

cargo build --release --quiet -p hop-examples -p hop-benches --bins --features hop-benches/peers 2>"$scratch/build" || { cat "$scratch/build" >&2; exit 1; }
bin=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
COMPARED=${COMPARED:-limit std_example tokio_example hop_example}
SERVERS=${SERVERS:-$(cd "$bin" && ls -d $COMPARED 2>/dev/null || true)}

# callgrind_total FILE: all instructions that a callgrind.out file counts.
callgrind_total() {
    awk '/^(summary|totals):/ { total = $2 } END { print total }' "$1"
}

# serve_and_load REQUEST PIPELINED COUNT SERVER TOOL...: runs the server with one worker under the tool, sends COUNT
# requests, and stops the server by SIGTERM, after which the tool writes its figures.
serve_and_load() {
    local request=$1 pipelined=$2 count=$3 server=$4 addr
    shift 4
    # Gone before the server starts, lest the line of the server before it be read.
    rm -f "$scratch/stdout"
    "$@" "$bin/$server" --addr 127.0.0.1:0 --workers 1 >"$scratch/stdout" 2>"$scratch/stderr" &
    local tool_pid=$!
    server_pid=$tool_pid
    for _ in $(seq 600); do
        addr=$(sed -n 's|^listening on http://||p' "$scratch/stdout" 2>/dev/null || true)
        [ -z "$addr" ] || break
        sleep 0.05
    done
    [ -n "$addr" ] || { cat "$scratch/stderr" >&2; echo "$server does not listen" >&2; exit 1; }
    # strace is the parent of the server; valgrind is the server.
    server_pid=$(pgrep -P "$tool_pid" -x "${server:0:15}" || echo "$tool_pid")
    "$bin/load" --addr "$addr" --request "$request" --path "${WS_PATH:-/ws-high}" --connections "$CONNECTIONS" \
        --pipelined "$pipelined" --requests "$count" >"$scratch/load"
    kill -TERM "$server_pid"
    wait "$tool_pid" 2>/dev/null || true
    server_pid=
}
