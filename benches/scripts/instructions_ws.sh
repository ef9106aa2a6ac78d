#!/usr/bin/env bash
# User instructions per WebSocket echo, by callgrind: instructions.sh for messages of 20 bytes and 1 KiB.
#
#   benches/scripts/instructions_ws.sh                                       # all servers
#   WS_PATH=/ws-low SERVERS=ws_example benches/scripts/instructions_ws.sh    # see common.sh for the other knobs
export COMPARED="limit_ws fastwebsockets_echo tungstenite_echo ws_example"
export REQUESTS=${REQUESTS:-ws-20 ws-1024}
exec "$(dirname "$0")/instructions.sh"
