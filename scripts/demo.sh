#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make run` shows: a server, and a demonstration submitted to it from the side. This process becomes the server, so that it
# gets the terminal's and make's signals itself; the demonstration is a child of nobody.
#
#   EVALX_LISTEN=127.0.0.1:2358   where to serve
set -uo pipefail
cd "$(dirname "$0")/.."
evalx=${BUILD_DIR:-build}/evalx
export EVALX_LISTEN=${EVALX_LISTEN:-127.0.0.1:2358}
url=http://$EVALX_LISTEN
server=$$

demonstrate() {
    for _ in {1..600}; do
        kill -0 "$server" 2>/dev/null || return
        curl -sf "$url/readyz" >/dev/null && break
        sleep 0.1
    done
    echo
    echo "A C++ program, 20 test cases:  evalx submit demo/maximum_subarray.cpp --tests demo/tests"
    echo
    "$evalx" submit demo/maximum_subarray.cpp --tests demo/tests --server "$url"
    local status=$?
    [ $status -le 1 ] || echo "demo: evalx submit ended with $status" >&2
    cat <<END

Serving on $url until Ctrl-C. Try it:

curl -s '$url/execute-batch?wait=30' -H 'Content-Type: application/json' -d '{"language": "python", "code": "print(int(input()) ** 2)", "test_cases": [{"stdin": "7", "expected_output": "49"}, {"stdin": "8", "expected_output": "63"}]}'

END
}

if (exec 3<>"/dev/tcp/${EVALX_LISTEN%:*}/${EVALX_LISTEN##*:}") 2>/dev/null; then
    echo "Something serves on $EVALX_LISTEN already. Stop it, or choose another port: EVALX_LISTEN=127.0.0.1:2359 make run" >&2
    exit 1
fi
(demonstrate &)
exec "$evalx" serve --log-format text
