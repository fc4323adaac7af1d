-- SPDX-License-Identifier: Apache-2.0
-- progress: ARGV[3] token, [4] fence, [5] "KIND INDEX ", [6] data.
local token, head = ARGV[3], ARGV[5]
local why = lost(token, ARGV[4])
if why then return why end
if AGAIN then
  for _, event in ipairs(redis.call('LRANGE', events(token), 0, -1)) do
    if string.sub(event, 1, #head) == head then return 0 end
  end
end
local kind, index = string.match(head, '^(%d+) (%d+)')
if kind == EVENT_TEST then owe(token, TEST, index, ARGV[6], 0) end
in_memory_only()
redis.call('RPUSH', events(token), head .. ARGV[6])
changed(token)
return 0
