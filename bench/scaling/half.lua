-- SPDX-License-Identifier: Apache-2.0
-- For wrk: half its requests hand in a submission, the others read one of those whose tokens are in the file DRIVE_TOKENS, in turn. All
-- are made beforehand, so that wrk has little to do for each.
local post, reads, count = nil, {}, 0

function init()
    for token in io.lines(os.getenv("DRIVE_TOKENS")) do
        reads[#reads + 1] = wrk.format("GET", "/submissions/" .. token)
    end
    post = wrk.format("POST", "/execute-batch", {["Content-Type"] = "application/json"}, os.getenv("DRIVE_BODY"))
end

function request()
    count = count + 1
    return count % 2 == 0 and post or reads[(count - 1) / 2 % #reads + 1]
end
