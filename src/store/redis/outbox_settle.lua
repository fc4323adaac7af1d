-- SPDX-License-Identifier: Apache-2.0
-- outbox_settle: ARGV[3] token, [4] kind, [5] index, [6] fence, [7] outcome, [8] due, [9] HTTP status, [10] error,
-- [11] the time by the clock that due goes by: it is put right where that is not the server's.
local token, outcome = ARGV[3], ARGV[7]
local key = row_key(token, ARGV[4], ARGV[5])
local h = redis.call('HMGET', key, 'fence', 'claimed', 'name', 'attempts')
if h[1] ~= ARGV[6] then return ESTALE end
if h[2] == '' then return AGAIN and 0 or ESTALE end
local name = h[3]
redis.call('HSET', key, 'claimed', '')
if outcome == HELD then
  redis.call('HSET', key, 'attempts', int(tonumber(h[4]) - 1))
else
  redis.call('HSET', key, 'status', ARGV[9], 'error', ARGV[10])
end
if outcome == HELD or outcome == RETRY then
  local due, off = tonumber(ARGV[8]), now() - tonumber(ARGV[11])
  redis.call('ZADD', P .. ':due', int(math.abs(off) > CLOCKS_APART_MS and due + off or due), name)
  return 0
end
redis.call('HSET', key, 'state', outcome == DELIVERED_NOW and DELIVERED or DEAD, 'settled', int(now()))
for _, set in ipairs({':due', ':pending', ':owed'}) do redis.call('ZREM', P .. set, name) end
redis.call('LREM', upcoming(token), 1, name)
if outcome ~= DELIVERED_NOW then redis.call('ZADD', P .. ':dead', 0, name) end
if redis.call('LLEN', upcoming(token)) > 0 then
  next_up(token)
else -- nothing keeps it any longer (sweep.lua)
  redis.call('ZADD', DONE, 'XX', redis.call('HGET', sub(token), 'finished'), token)
end
return 0
