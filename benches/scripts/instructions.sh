#!/usr/bin/env bash
# User instructions per request, by callgrind: the difference of two runs with FEW and MANY requests, divided by the
# difference of their numbers, so that starting and ending do not count. Repeats to a fraction of a percent on a noisy
# machine. Needs valgrind.
#
#   benches/scripts/instructions.sh                        # all servers; bare GET and browser request
#   SERVERS=hop_example benches/scripts/instructions.sh    # see common.sh for the other knobs
#   JSON=instructions.json benches/scripts/instructions.sh    # writes the figures there as well
#   KEEP=profiles SERVERS=hop_example benches/scripts/instructions.sh    # keeps callgrind.out files for callgrind_annotate
source "$(dirname "$0")/common.sh"

REQUESTS=${REQUESTS:-bare browser}

# instructions SERVER REQUEST COUNT: the total of one run.
instructions() {
    local out="$scratch/callgrind.out.$1.$2.$3"
    serve_and_load "$2" 1 "$3" "$1" valgrind --tool=callgrind --callgrind-out-file="$out"
    callgrind_total "$out"
}

printf '%-20s' 'server'
for request in $REQUESTS; do printf '%12s' "$request"; done
printf '\n'
json=
for server in $SERVERS; do
    printf '%-20s' "$server"
    row=
    for request in $REQUESTS; do
        few=$(instructions "$server" "$request" "$FEW")
        many=$(instructions "$server" "$request" "$MANY")
        each=$(((many - few) / (MANY - FEW)))
        printf '%12d' "$each"
        row="$row${row:+, }\"$request\": $each"
    done
    printf '\n'
    json="$json${json:+,}"$'\n'"  \"$server\": { $row }"
done
[ -z "${JSON:-}" ] || printf '{%s\n}\n' "$json" >"$JSON"
[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && cp "$scratch"/callgrind.out.* "$KEEP"; }
