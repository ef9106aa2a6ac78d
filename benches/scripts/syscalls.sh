#!/usr/bin/env bash
# System calls per request, by strace -c -f: the difference of two runs with FEW and MANY requests, divided by the
# difference of their numbers. Needs strace.
#
#   benches/scripts/syscalls.sh                                         # all servers, unpipelined
#   PIPELINED=16 SERVERS=hop_example benches/scripts/syscalls.sh        # see common.sh for the other knobs
#   JSON=syscalls.json benches/scripts/syscalls.sh                        # writes the figures there as well
#   REQUEST=ws-20 SERVERS=limit_ws benches/scripts/syscalls.sh            # a WebSocket echo
source "$(dirname "$0")/common.sh"

PIPELINED=${PIPELINED:-1}

# calls SERVER COUNT FILE: writes "name count" lines of one run.
calls() {
    serve_and_load "${REQUEST:-bare}" "$PIPELINED" "$2" "$1" strace -c -f -U name,calls -o "$scratch/strace"
    awk '$2 ~ /^[0-9]+$/ && $1 != "total" { print $1, $2 }' "$scratch/strace" >"$3"
}

json=
for server in $SERVERS; do
    calls "$server" "$FEW" "$scratch/few"
    calls "$server" "$MANY" "$scratch/many"
    awk -v more=$((MANY - FEW)) '
        NR == FNR { few[$1] = $2; next }
        { each = ($2 - few[$1]) / more; all += each; if (each >= 0.005) printf "%s %.4f\n", $1, each }
        END { printf "all %.4f\n", all }
    ' "$scratch/few" "$scratch/many" >"$scratch/each"
    awk -v server="$server" '
        $1 == "all" { all = $2; next }
        { line = line sprintf("  %s %.2f", $1, $2) }
        END { printf "%-16s%6.2f:%s\n", server, all, line }
    ' "$scratch/each"
    row=$(awk '{ printf "%s\"%s\": %s", separator, $1, $2; separator = ", " }' "$scratch/each")
    json="$json${json:+,}"$'\n'"  \"$server\": { $row }"
done
[ -z "${JSON:-}" ] || printf '{%s\n}\n' "$json" >"$JSON"
