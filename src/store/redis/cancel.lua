-- SPDX-License-Identifier: Apache-2.0
-- cancel: ARGV[3] token.
local token = ARGV[3]
local h = redis.call('HMGET', sub(token), 'status', 'place', 'owner')
if not h[1] then return ENOENT end
if h[1] == QUEUED then
  dequeue(h[2], h[3])
elseif h[1] ~= RUNNING_NOW then
  return AGAIN and h[1] == CANCELLED and 0 or EALREADY
end
finish(token, CANCELLED, 'result', '', 0)
return 0
