#!/usr/bin/env bash
# Compares std_example, tokio_example and hop_example under wrk. The servers take turns, run after run (A B C, A B C), so
# that what else the machine does falls on all of them; a ratio is taken within its run. Printed are medians and, in brackets,
# the smallest and the largest of all runs. Needs wrk.
#
#   examples/scripts/wrk_compare.sh
#   RUNS=1 DURATION=2s THREADS=1 CONNECTIONS=50 examples/scripts/wrk_compare.sh    # a quick look
#   PIN=1 THREADS=1 WITH_LATENCY=1 examples/scripts/wrk_compare.sh                 # what to do on two cores
#
# Knobs, as environment variables:
#   RUNS           how often each server is measured (3)
#   THREADS        of wrk (6)
#   CONNECTIONS    of wrk (300)
#   DURATION       of a run, as wrk takes it (30s)
#   WITH_LATENCY   1 for percentiles of the latency (0)
#   WARMUPS        runs of one second of each server before the one that counts (1)
#   COOLDOWN_SECS  of rest after a run (2)
#   RESULTS_DIR    for the raw output of each run, summary.tsv and summary.json (below the target folder, a new one each time)
#   PIN            1 to give wrk the upper half of the cores and the server the lower half, with as many workers (0: both have
#                  all cores, and a worker each); needs taskset and two cores
#
# The CPU time of a request is the server's, in user space and in the kernel, from /proc/PID/stat before and after the run. The
# clock there ticks a hundred times a second, which is fine for runs of several seconds.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

RUNS=${RUNS:-3}
THREADS=${THREADS:-6}
CONNECTIONS=${CONNECTIONS:-300}
DURATION=${DURATION:-30s}
WITH_LATENCY=${WITH_LATENCY:-0}
WARMUPS=${WARMUPS:-1}
COOLDOWN_SECS=${COOLDOWN_SECS:-2}
PIN=${PIN:-0}
servers=(std_example tokio_example hop_example)

fail() {
    echo "wrk_compare: $*" >&2
    exit 1
}

is_number() {
    [[ $2 =~ ^[0-9]+$ ]] && [ "$2" -ge "$3" ] || fail "$1=$2: a whole number, at least $3"
}

command -v wrk >/dev/null || fail "wrk is not installed (Debian, Ubuntu: apt-get install wrk; Fedora: dnf install wrk;
    others: https://github.com/wg/wrk)"
command -v cargo >/dev/null || fail "cargo is not installed (https://rustup.rs)"
[ -r /proc/self/stat ] || fail "needs /proc, which Linux has"
is_number RUNS "$RUNS" 1
is_number THREADS "$THREADS" 1
is_number CONNECTIONS "$CONNECTIONS" "$THREADS"
is_number WARMUPS "$WARMUPS" 0
[[ $DURATION =~ ^[0-9]+[smh]?$ ]] || fail "DURATION=$DURATION: a time as wrk takes it, 30s or 2m"
[[ $COOLDOWN_SECS =~ ^[0-9.]+$ ]] || fail "COOLDOWN_SECS=$COOLDOWN_SECS: seconds"

cores=$(nproc)
workers=$cores
on_server_cores=()
on_client_cores=()
if [ "$PIN" != 0 ]; then
    workers=$((cores / 2))
    [ "$workers" -ge 1 ] || fail "PIN=1 needs two cores, and there is one"
    command -v taskset >/dev/null || fail "PIN=1 needs taskset (Debian, Ubuntu: apt-get install util-linux)"
    on_server_cores=(taskset -c "0-$((workers - 1))")
    on_client_cores=(taskset -c "$workers-$((cores - 1))")
fi

cargo build --release --quiet -p hop-examples --bin std_example --bin tokio_example --bin hop_example
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
RESULTS_DIR=${RESULTS_DIR:-$target/wrk_compare/$(date +%Y%m%d-%H%M%S)}
mkdir -p "$RESULTS_DIR" || fail "RESULTS_DIR=$RESULTS_DIR cannot be made"
ticks_per_second=$(getconf CLK_TCK)

server_pid=
stop_server() {
    [ -z "$server_pid" ] || { kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null; } || true
    server_pid=
}
trap stop_server EXIT
trap 'exit 130' INT TERM

# start_server NAME: sets `addr` and `server_pid`; taskset becomes the server, so that the id is the server's own.
start_server() {
    local stdout=$RESULTS_DIR/$1.stdout
    rm -f "$stdout"
    "${on_server_cores[@]}" "$target/release/$1" --addr 127.0.0.1:0 --workers "$workers" >"$stdout" &
    server_pid=$!
    addr=
    for _ in $(seq 200); do
        addr=$(sed -n 's|^listening on http://||p' "$stdout" 2>/dev/null || true)
        [ -z "$addr" ] || return 0
        kill -0 "$server_pid" 2>/dev/null || fail "$1 has ended without listening"
        sleep 0.05
    done
    fail "$1 does not listen"
}

# load DURATION: wrk's output.
load() {
    local more=()
    [ "$WITH_LATENCY" = 0 ] || more=(--latency)
    "${on_client_cores[@]}" wrk -t"$THREADS" -c"$CONNECTIONS" -d"$1" "${more[@]}" "http://$addr/"
}

# cpu_ticks: of the server so far, in user space and in the kernel. The name before them ends with the last bracket.
cpu_ticks() {
    sed 's/.*) //' "/proc/$server_pid/stat" | awk '{ print $12 + $13 }'
}

# measure RUN NAME: a fresh server, warmed up and measured; its line of the summary.
measure() {
    local raw=$RESULTS_DIR/$2.run$1.txt before after
    start_server "$2"
    for _ in $(seq "$WARMUPS"); do load 1s >/dev/null; done
    before=$(cpu_ticks)
    load "$DURATION" >"$raw" || { cat "$raw" >&2; fail "wrk has failed"; }
    after=$(cpu_ticks)
    stop_server
    rm -f "$RESULTS_DIR/$2.stdout"
    awk -v OFS='\t' -v run="$1" -v server="$2" -v cpu_us=$(((after - before) * 1000000 / ticks_per_second)) '
        function us(text) {
            if (text ~ /us$/) return text + 0
            if (text ~ /ms$/) return text * 1000
            return text ~ /m$/ ? text * 60000000 : text * 1000000
        }
        / requests in / { requests = $1 }
        /^Requests\/sec:/ { rate = $2 }
        $1 ~ /^(50|75|90|99)%$/ && NF == 2 { at[$1] = us($2) }
        /Socket errors/ { for (i = 4; i <= NF; i += 2) errors += $i }
        /Non-2xx/ { errors += $NF }
        function percentile(name) { return name in at ? at[name] : "-" }
        END {
            if (!requests) exit 1
            print run, server, rate, requests, sprintf("%.3f", cpu_us / requests), percentile("50%"), percentile("75%"), percentile("90%"), percentile("99%"), errors + 0
        }
    ' "$raw" >>"$summary" || { cat "$raw" >&2; fail "$2 has answered nothing"; }
    sleep "$COOLDOWN_SECS"
}

summary=$RESULTS_DIR/summary.tsv
printf 'run\tserver\trequests_per_second\trequests\tcpu_us_per_request\tp50_us\tp75_us\tp90_us\tp99_us\terrors\n' >"$summary"
total=$((RUNS * ${#servers[@]}))
done_count=0
for run in $(seq "$RUNS"); do
    for server in "${servers[@]}"; do
        [ ! -t 2 ] || printf '\r\033[K%d/%d run %d, %s' "$done_count" "$total" "$run" "$server" >&2
        measure "$run" "$server"
        done_count=$((done_count + 1))
    done
done
[ ! -t 2 ] || printf '\r\033[K' >&2

pinned="both on all cores"
[ "$PIN" = 0 ] || pinned="the server on the lower half of $cores cores, wrk on the upper"
echo "$RUNS runs of $DURATION, $CONNECTIONS connections, $THREADS wrk threads, $workers workers, $pinned"
echo
awk -F'\t' -v with_latency="$WITH_LATENCY" -v json="$RESULTS_DIR/summary.json" '
    function sorted(list, parts,    count, i, j, kept) {
        count = split(list, parts, " ")
        for (i = 2; i <= count; i++) for (j = i; j > 1 && parts[j] + 0 < parts[j - 1] + 0; j--) {
            kept = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = kept
        }
        return count
    }
    function median(parts, count) {
        return count % 2 ? parts[(count + 1) / 2] : (parts[count / 2] + parts[count / 2 + 1]) / 2
    }
    function spread(list, digits,    parts, count) {
        count = sorted(list, parts)
        return sprintf("%.*f (%.*f-%.*f)", digits, median(parts, count), digits, parts[1], digits, parts[count])
    }
    function figure(name, list,    parts) {
        return sprintf("\"%s\": %s", name, median(parts, sorted(list, parts)))
    }
    function write_json(    i, k, s, line) {
        for (i = 1; i <= servers; i++) { s = order[i]
            line = figure("requests_per_second", rates[s]) ", " figure("cpu_us_per_request", cpu[s])
            if (with_latency != 0) for (k = 6; k <= 9; k++) line = line ", " figure(columns[k], latency[s, k])
            printf "%s\n  \"%s\": { %s }", (i > 1 ? "," : "{"), s, line >json }
        print "\n}" >json
    }
    NR == 1 { for (i = 1; i <= NF; i++) columns[i] = $i; next }
    $2 == "std_example" { base = $3; base_cpu = $5 }
    !($2 in rates) { order[++servers] = $2 }
    {
        rates[$2] = rates[$2] " " $3; ratios[$2] = ratios[$2] " " $3 / base
        cpu[$2] = cpu[$2] " " $5; cpu_ratios[$2] = cpu_ratios[$2] " " (base_cpu > 0 ? $5 / base_cpu : 0)
        for (i = 6; i <= 9; i++) latency[$2, i] = latency[$2, i] " " $i
        errors[$2] += $10
    }
    END {
        write_json()
        print "| server        |               requests/s | x std_example    | CPU us per request  | x std_example    | errors |"
        print "|---------------|-------------------------:|-----------------:|--------------------:|-----------------:|-------:|"
        for (i = 1; i <= servers; i++) { s = order[i]
            printf "| %-13s | %24s | %16s | %19s | %16s | %6d |\n", s, spread(rates[s], 0), spread(ratios[s], 2), spread(cpu[s], 2), spread(cpu_ratios[s], 2), errors[s] }
        if (with_latency == 0) exit
        print "\nLatency in microseconds:\n"
        print "| server        |                  50 % |                  75 % |                  90 % |                  99 % |"
        print "|---------------|----------------------:|----------------------:|----------------------:|----------------------:|"
        for (i = 1; i <= servers; i++) { s = order[i]
            printf "| %-13s |", s
            for (k = 6; k <= 9; k++) printf " %21s |", spread(latency[s, k], 0)
            print "" }
    }
' "$summary"
echo
echo "raw output, summary.tsv and summary.json (medians) in $RESULTS_DIR"
