-- SPDX-License-Identifier: Apache-2.0
-- complete: ARGV[3] token, [4] fence, [5] status, [6] result, [7] for how long its delivery is held, in ms.
local token, fence = ARGV[3], ARGV[4]
local why = lost(token, fence)
if not why then
  finish(token, ARGV[5], 'result', ARGV[6], tonumber(ARGV[7]))
  return 0
end
-- Done already by this claim, with these bytes: the answer to that was lost.
local h = redis.call('HMGET', sub(token), 'status', 'fence', 'result')
if h[1] == ARGV[5] and h[2] == fence and h[3] == ARGV[6] then return 0 end
return why
