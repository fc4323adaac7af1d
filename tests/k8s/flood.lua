-- SPDX-License-Identifier: Apache-2.0
-- For wrk: hands in FLOOD_COUNT submissions, each its own, as fast as they are taken, and writes their tokens to FLOOD_TOKENS.
-- One thread (-t1): the numbers are counted here. wrk asks for one request before it begins, which it does not send; and it goes on
-- asking until it is ended: both get a harmless one, so that exactly FLOOD_COUNT are handed in.
local count = tonumber(os.getenv("FLOOD_COUNT"))
local run = os.getenv("FLOOD_RUN")
local seconds = os.getenv("FLOOD_SECONDS")
local handed_in, taken, refused = -1, 0, 0
local tokens, done

function init()
    tokens = assert(io.open(os.getenv("FLOOD_TOKENS"), "w"))
end

function request()
    if handed_in < 0 or handed_in >= count then
        handed_in = math.max(handed_in, 0)
        return wrk.format("GET", "/healthz")
    end
    handed_in = handed_in + 1
    local body = string.format('{"language":"bash","code":"read n; sleep %s; echo $n","test_cases":[{"stdin":"%d\\n","expected_output":"%d\\n"}]}',
        seconds, handed_in, handed_in)
    return wrk.format("POST", "/execute-batch", {["Content-Type"] = "application/json", ["Idempotency-Key"] = run .. "-" .. handed_in}, body)
end

function response(status, _, body)
    if status == 202 then
        taken = taken + 1
        tokens:write(body:match('"token": *"([^"]+)"'), "\n")
    elseif status ~= 200 then
        refused = refused + 1
    end
    if taken + refused >= count and not done then
        done = true
        tokens:close()
        print(string.format("TAKEN %d REFUSED %d", taken, refused))
        io.stdout:flush() -- whoever started wrk ends it now: by itself it would go on until its time is over
    end
end
