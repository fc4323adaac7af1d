-- SPDX-License-Identifier: Apache-2.0
-- submit: ARGV[3] the most that may wait, then SUBMIT_FIELDS arguments a submission. Answers one array each:
-- {code, repeated, token, status, created}. Many callers' submissions come as one call, so that they share one sync.
local most, replies = tonumber(ARGV[3]), {}
local waiting = redis.call('ZCARD', AGE)

local function answer_known(token, repeated)
  local h = redis.call('HMGET', sub(token), 'status', 'created')
  return {0, repeated, token, tonumber(h[1]), h[2]}
end

-- The newest counts.
local function set_share(owner, share)
  if (redis.call('HGET', P .. ':shares', owner) or '1') == share then return end
  if share == '1' then redis.call('HDEL', P .. ':shares', owner) else redis.call('HSET', P .. ':shares', owner, share) end
end

local function add(at)
  local token, key = ARGV[at], ARGV[at + 4]
  local place = string.format('%015.0f', redis.call('INCR', P .. ':seq')) .. token
  redis.call('HSET', sub(token), 'status', QUEUED, 'attempts', 0, 'fence', 0, 'started', 0, 'finished', 0, 'place', place,
    'priority', ARGV[at + 1], 'created', ARGV[at + 2], 'rank', ARGV[at + 3], 'key', key, 'digest', ARGV[at + 5],
    'request', ARGV[at + 6], 'owner', ARGV[at + 7], 'url', ARGV[at + 8], 'events', ARGV[at + 9])
  if key ~= '' then redis.call('SET', P .. ':k:' .. key, token) end
  set_share(ARGV[at + 7], ARGV[at + 10])
  enqueue(token)
  waiting = waiting + 1
  wake('queue')
  return {0, 0, token, tonumber(QUEUED), ARGV[at + 2]}
end

local function submit(at)
  local token, key = ARGV[at], ARGV[at + 4]
  local known = key ~= '' and redis.call('GET', P .. ':k:' .. key)
  if known and not (AGAIN and known == token) then
    if redis.call('HGET', sub(known), 'digest') ~= ARGV[at + 5] then return {EEXIST} end
    return answer_known(known, 1)
  end
  if redis.call('EXISTS', sub(token)) == 1 then
    local h = AGAIN and redis.call('HMGET', sub(token), 'created', 'digest') or {}
    if h[1] == ARGV[at + 2] and h[2] == ARGV[at + 5] then return answer_known(token, 0) end
    return {ENOTUNIQ}
  end
  if waiting >= most then return {EAGAIN} end
  local own_most = tonumber(ARGV[at + 11])
  if own_most > 0 and redis.call('ZCARD', ready(ARGV[at + 7])) >= own_most then return {EDQUOT} end
  return add(at)
end

for at = 4, #ARGV, SUBMIT_FIELDS do replies[#replies + 1] = submit(at) end
return replies
