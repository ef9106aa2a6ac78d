#!/usr/bin/env bash
# Where the user instructions of a request go, by callgrind: per layer of hop and per library, then the functions that take
# most. Like instructions.sh it takes the difference of two runs. Code that was inlined counts where it was written; code of
# the standard library, which is nearly all inlined, counts for the layer whose function it ended up in.
#
#   benches/scripts/where.sh                        # hop_example, bare
#   benches/scripts/where.sh hop_example browser
#   benches/scripts/where.sh ws_example ws-20       # a WebSocket echo at WS_PATH
#   JSON=where.json benches/scripts/where.sh        # writes what each layer and library takes there as well
source "$(dirname "$0")/common.sh"

server=${1:-hop_example}
request=${2:-bare}

# annotate COUNT: "instructions file:function" lines of a run with so many requests.
annotate() {
    serve_and_load "$request" 1 "$1" "$server" valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind.out"
    callgrind_annotate --threshold=100 --auto=no "$scratch/callgrind.out" 2>/dev/null |
        sed -nE 's/^ *([0-9,]+) \([ 0-9.]+%\)  (.*:.*)$/\1 \2/p' | sed -E ':a;s/^([0-9]+),/\1/;ta; s/ \[[^]]*\]$//' |
        awk '{ n = $1; $1 = ""; all[$0] += n } END { for (key in all) printf "%d%s\n", all[key], key }'
}

annotate "$FEW" >"$scratch/few"
annotate "$MANY" >"$scratch/many"
awk -v more=$((MANY - FEW)) -v json="${JSON:-}" '
    function place(key,    at, name) {
        if (match(key, /hop\/src\/[a-z_]+/)) return "hop " substr(key, RSTART + 8, RLENGTH - 8)
        if (key ~ /\/(examples|hop-macros)\/src\//) return "handler"
        if (match(key, /index\.crates\.io-[0-9a-f]+\/[a-z_0-9-]+-[0-9]/)) {
            name = substr(key, RSTART, RLENGTH - 2)
            sub(/.*\//, "", name)
            return name
        }
        if (key ~ /\/rustc\//) {
            if (match(key, /hop::[a-z_]+::/)) return "hop " substr(key, RSTART + 5, RLENGTH - 7)
            return "std"
        }
        return "libc and the rest"
    }
    { n = $1; $1 = ""; sub(/^ /, ""); count[$0] += FILENAME ~ /few$/ ? -n : n }
    END {
        for (key in count) {
            each = count[key] / more
            all += each
            places[place(key)] += each
            function_name = key
            sub(/^[^:]*:/, "", function_name)
            functions[function_name] += each
        }
        printf "%8.0f  all\n\n", all
        for (key in places) if (places[key] >= 0.5) printf "%8.0f  %s\n", places[key], key | "sort -rn"
        close("sort -rn")
        if (json != "") {
            printf "{ \"all\": %.1f", all >json
            for (key in places) if (places[key] >= 0.5) printf ",\n  \"%s\": %.1f", key, places[key] >json
            print " }" >json
        }
        print ""
        for (key in functions) if (functions[key] >= 5) printf "%8.0f  %s\n", functions[key], key | "sort -rn | head -40"
    }
' "$scratch/few" "$scratch/many"
