#!/usr/bin/env bash
# System calls per request, by strace -c -f: the difference of two runs with FEW and MANY requests, divided by the
# difference of their numbers. Needs strace.
#
#   benches/scripts/syscalls.sh                                         # all servers, unpipelined
#   PIPELINED=16 SERVERS=hop_example benches/scripts/syscalls.sh        # see common.sh for the other knobs
#   REQUEST=ws-20 SERVERS=limit_ws benches/scripts/syscalls.sh            # a WebSocket echo
source "$(dirname "$0")/common.sh"

PIPELINED=${PIPELINED:-1}

# calls SERVER COUNT FILE: writes "name count" lines of one run.
calls() {
    serve_and_load "${REQUEST:-bare}" "$PIPELINED" "$2" "$1" strace -c -f -U name,calls -o "$scratch/strace"
    awk '$2 ~ /^[0-9]+$/ && $1 != "total" { print $1, $2 }' "$scratch/strace" >"$3"
}

for server in $SERVERS; do
    calls "$server" "$FEW" "$scratch/few"
    calls "$server" "$MANY" "$scratch/many"
    awk -v server="$server" -v more=$((MANY - FEW)) '
        NR == FNR { few[$1] = $2; next }
        { each = ($2 - few[$1]) / more; all += each; if (each >= 0.005) line = line sprintf("  %s %.2f", $1, each) }
        END { printf "%-16s%6.2f:%s\n", server, all, line }
    ' "$scratch/few" "$scratch/many"
done
