#!/usr/bin/env bash
# Instructions and allocations per operation of the layer benches, the former by callgrind: the difference of two runs with FEW and MANY operations,
# divided by the difference of their numbers. Needs valgrind.
#
#   benches/scripts/layers.sh              # all
#   benches/scripts/layers.sh head/hop     # those whose names contain this
#   JSON=layers.json benches/scripts/layers.sh    # writes the figures there as well; a slash in a name is _ there
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

printf '%-36s%14s%14s\n' '' 'instructions' 'allocations'
json=
while read -r name allocations; do
    few=$(total "$name" "$FEW")
    many=$(total "$name" "$MANY")
    each=$(((many - few) / (MANY - FEW)))
    printf '%-36s%14d%14d\n' "$name" "$each" "$allocations"
    json="$json${json:+,}"$'\n'"  \"${name//\//_}\": { \"instructions\": $each, \"allocations\": $allocations }"
done < <(HOP_LAYER_TIMES=0 "$bench" --bench | sed -n 's/^layer //p' | { grep -F -- "${1:-}" || true; })
[ -z "${JSON:-}" ] || printf '{%s\n}\n' "$json" >"$JSON"
