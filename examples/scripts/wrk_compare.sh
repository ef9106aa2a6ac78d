#!/usr/bin/env bash
# Compares std_example, tokio_example and hop_example under wrk. The servers take turns, run after run (A B C, A B C), so
# that what else the machine does falls on all of them; a ratio is taken within its run, and the medians are printed.
#
#   examples/scripts/wrk_compare.sh
#   RUNS=1 DURATION=2s CONNECTIONS=50 examples/scripts/wrk_compare.sh    # a quick look
#
# Knobs, as environment variables:
#   RUNS           how often each server is measured (3)
#   THREADS        of wrk (6, but no more than half the cores where there are at least two)
#   CONNECTIONS    of wrk (300)
#   DURATION       of a run (30s)
#   WITH_LATENCY   1 for percentiles of the latency (0)
#   WARMUPS        short runs of each server before those that count (1)
#   COOLDOWN_SECS  of rest between runs (2)
#   RESULTS_DIR    for the raw output of each run and summary.tsv (below the target folder, a new one each time)
#
# With two cores or more, wrk has the upper half of them and the server the lower half (needs taskset); sharing them would
# measure the scheduler. Needs wrk.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

command -v wrk >/dev/null || { echo "wrk_compare: wrk is not installed (Debian: apt-get install wrk)" >&2; exit 1; }
cores=$(nproc)
half=$((cores / 2))
RUNS=${RUNS:-3}
THREADS=${THREADS:-$((half >= 1 && half < 6 ? half : 6))}
CONNECTIONS=${CONNECTIONS:-300}
DURATION=${DURATION:-30s}
WITH_LATENCY=${WITH_LATENCY:-0}
WARMUPS=${WARMUPS:-1}
COOLDOWN_SECS=${COOLDOWN_SECS:-2}
servers=(std_example tokio_example hop_example)

cargo build --release --quiet -p hop-examples --bins
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
RESULTS_DIR=${RESULTS_DIR:-$target/wrk_compare/$(date +%Y%m%d-%H%M%S)}
mkdir -p "$RESULTS_DIR"

on_server_cores=()
on_client_cores=()
workers=$cores
if [ "$half" -ge 1 ] && command -v taskset >/dev/null; then
    on_server_cores=(taskset -c "0-$((half - 1))")
    on_client_cores=(taskset -c "$half-$((cores - 1))")
    workers=$half
fi

server_pid=
stop_server() {
    [ -z "$server_pid" ] || { kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null; } || true
    server_pid=
}
trap stop_server EXIT

# start_server NAME: sets `addr`.
start_server() {
    local stdout=$RESULTS_DIR/$1.stdout
    rm -f "$stdout"
    "${on_server_cores[@]}" "$target/release/$1" --addr 127.0.0.1:0 --workers "$workers" >"$stdout" &
    server_pid=$!
    addr=
    for _ in $(seq 200); do
        addr=$(sed -n 's|^listening on http://||p' "$stdout" 2>/dev/null || true)
        [ -z "$addr" ] || return 0
        sleep 0.05
    done
    echo "wrk_compare: $1 does not listen" >&2
    exit 1
}

# load DURATION: wrk's output.
load() {
    local more=()
    [ "$WITH_LATENCY" = 0 ] || more=(--latency)
    "${on_client_cores[@]}" wrk -t"$THREADS" -c"$CONNECTIONS" -d"$1" "${more[@]}" "http://$addr/"
}

# measure RUN NAME: a fresh server, warmed up and measured; its line of the summary.
measure() {
    local raw=$RESULTS_DIR/$2.run$1.txt
    start_server "$2"
    for _ in $(seq "$WARMUPS"); do load 1s >/dev/null; done
    load "$DURATION" >"$raw"
    stop_server
    awk -v OFS='\t' -v run="$1" -v server="$2" '
        /^Requests\/sec:/ { rate = $2 }
        $1 == "50%" { p50 = $2 }
        $1 == "99%" { p99 = $2 }
        /Socket errors/ { for (i = 4; i <= NF; i += 2) errors += $i }
        /Non-2xx/ { errors += $NF }
        END { print run, server, rate, p50 == "" ? "-" : p50, p99 == "" ? "-" : p99, errors + 0 }
    ' "$raw" >>"$summary"
    sleep "$COOLDOWN_SECS"
}

summary=$RESULTS_DIR/summary.tsv
printf 'run\tserver\trequests_per_second\tp50\tp99\terrors\n' >"$summary"
total=$((RUNS * ${#servers[@]}))
done_count=0
for run in $(seq "$RUNS"); do
    for server in "${servers[@]}"; do
        printf '\r\033[K%d/%d run %d, %s' "$done_count" "$total" "$run" "$server" >&2
        measure "$run" "$server"
        done_count=$((done_count + 1))
    done
done
printf '\r\033[K' >&2

# The ratio of each run is taken to std_example in the same run.
echo "$RUNS runs of $DURATION, $CONNECTIONS connections, $THREADS wrk threads, $workers workers; medians"
awk -F'\t' '
    function median(list,    parts, count, i, j, kept) {
        count = split(list, parts, " ")
        for (i = 2; i <= count; i++) for (j = i; j > 1 && parts[j] + 0 < parts[j - 1] + 0; j--) {
            kept = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = kept
        }
        return count % 2 ? parts[(count + 1) / 2] : (parts[count / 2] + parts[count / 2 + 1]) / 2
    }
    NR == 1 { next }
    $2 == "std_example" { base = $3 }
    !($2 in rates) { order[++servers] = $2 }
    { rates[$2] = rates[$2] " " $3; ratios[$2] = ratios[$2] " " $3 / base; p50[$2] = p50[$2] " " $4; p99[$2] = p99[$2] " " $5
      errors[$2] += $6 }
    END {
        printf "%-16s%16s%12s%8s   %s\n", "server", "requests/s", "x std", "errors", "p50 | p99 of each run"
        for (i = 1; i <= servers; i++) { s = order[i]
            printf "%-16s%16.0f%12.2f%8d  %s |%s\n", s, median(rates[s]), median(ratios[s]), errors[s], p50[s], p99[s] }
    }
' "$summary"
echo "raw output and summary.tsv in $RESULTS_DIR"
