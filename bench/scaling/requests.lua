-- SPDX-License-Identifier: Apache-2.0
-- For wrk: hands in DRIVE_BODY; "@" in it becomes another number each time. With DRIVE_TOKENS, a file, every other request reads one of the
-- submissions named there, in turn. What can be is made beforehand, so that wrk has little to do for each.
local body, post, reads, count = os.getenv("DRIVE_BODY"), nil, {}, 0

local function submission(text)
    return wrk.format("POST", "/execute-batch", {["Content-Type"] = "application/json"}, text)
end

function init()
    for token in io.lines(os.getenv("DRIVE_TOKENS") or "/dev/null") do
        reads[#reads + 1] = wrk.format("GET", "/submissions/" .. token)
    end
    post = not body:find("@") and submission(body)
end

function request()
    count = count + 1
    if #reads > 0 and count % 2 == 1 then
        return reads[(count - 1) / 2 % #reads + 1]
    end
    return post or submission((body:gsub("@", count)))
end
