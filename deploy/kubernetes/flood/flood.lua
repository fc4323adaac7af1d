-- SPDX-License-Identifier: Apache-2.0
-- Hands in exactly N submissions of programs that sleep, as fast as the server takes them; for wrk, with one thread:
--
--   wrk -t1 -c64 -d120s -s flood.lua http://HOST:PORT -- [N, default 5000] [seconds that each sleeps, default 1]
--
-- wrk cannot count: it keeps every connection busy until its time (-d) is over. So when N are on their way, connections ask for /healthz until the last
-- answer has come; then wrk is interrupted, as by Ctrl-C. A submission that is refused (503, 429: the queue is full) is handed in again.
-- Ends with "accepted N"; with fewer when the time was too short.
local wanted, body = 5000, nil
local handed_in, asked, ended = 0, false, false
accepted, refused = 0, 0 -- not local: done() reads them
local the_thread

function setup(thread)
    if the_thread then
        error("flood.lua counts in one thread: run wrk with -t1")
    end
    the_thread = thread
end

function init(args)
    wanted = tonumber(args[1] or 5000)
    local seconds = tonumber(args[2] or 1)
    if not wanted or wanted < 1 or not seconds or seconds < 0 then
        error("flood.lua: arguments: how many submissions, and how many seconds each sleeps")
    end
    body = string.format('{"language": "bash", "code": "sleep %g", "test_cases": [{}]}', seconds)
end

function request()
    if not asked then -- wrk asks once for a request that it does not send
        asked = true
    elseif handed_in < wanted then
        handed_in = handed_in + 1
        return wrk.format("POST", "/execute-batch", {["Content-Type"] = "application/json"}, body)
    end
    return wrk.format("GET", "/healthz")
end

function response(status)
    if status == 202 then
        accepted = accepted + 1
    elseif status ~= 200 then
        refused = refused + 1
        handed_in = handed_in - 1
    end
    if accepted >= wanted and not ended then
        ended = true
        wrk.thread:stop()
        os.execute("(sleep 0.2; kill -INT $PPID) &") -- not at once: while this runs, wrk ignores it
    end
end

function done()
    io.write(string.format("accepted %d\nrefused %d\n", the_thread:get("accepted"), the_thread:get("refused")))
end
