#!/usr/bin/env bash
# Instructions per operation of the layer benches, by callgrind: the difference of two runs with FEW and MANY operations,
# divided by the difference of their numbers. Needs valgrind.
#
#   benches/scripts/layers.sh              # all
#   benches/scripts/layers.sh head/hop     # those whose names contain this
source "$(dirname "$0")/common.sh"

FEW=${FEW_OPERATIONS:-100}
MANY=${MANY_OPERATIONS:-300}

bench=$(cargo bench --quiet -p hop-benches --bench layers --no-run --message-format json 2>"$scratch/build" |
    sed -n 's/.*"executable":"\([^"]*\/layers-[^"]*\)".*/\1/p' | tail -1)
[ -n "$bench" ] || { cat "$scratch/build" >&2; exit 1; }

# total NAME TIMES: the instructions of one run.
total() {
    HOP_LAYER=$1 HOP_LAYER_TIMES=$2 valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind.out" \
        "$bench" --bench >/dev/null 2>"$scratch/valgrind" || { cat "$scratch/valgrind" >&2; exit 1; }
    callgrind_total "$scratch/callgrind.out"
}

HOP_LAYER_TIMES=0 "$bench" --bench | sed -n 's/^layer //p' | { grep -F -- "${1:-}" || true; } | while read -r name; do
    few=$(total "$name" "$FEW")
    many=$(total "$name" "$MANY")
    printf '%-36s%10d\n' "$name" $(((many - few) / (MANY - FEW)))
done
