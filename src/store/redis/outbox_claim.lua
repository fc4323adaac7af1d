-- SPDX-License-Identifier: Apache-2.0
-- outbox_claim: ARGV[3] who, [4] this call's number, [5] the dispatcher's name, [6] the lease in ms, [7] the most rows,
-- [8] the most bytes, [9] the number of the last call whose
-- rows it has got. Answers an array a row: {token, kind, index, url, owner, attempt, fence, created, data, body}; or, when nothing
-- is due, the ms until something will be (-1: nothing is known of); then who is on the list of those to be woken.
local who, call, lease, most, room = ARGV[3], ARGV[4], tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local memo, at, answers, taken = P .. ':claim:' .. who, now(), {}, {call}

local function answer(name)
  local key, kind, index = key_of(name)
  local h = redis.call('HMGET', key, 'attempts', 'fence', 'created', 'data', 'body')
  local s = redis.call('HMGET', sub(token_of(name)), 'url', 'owner')
  answers[#answers + 1] = {token_of(name), kind, index, s[1], s[2], h[1], h[2], h[3], h[5] and '' or h[4] or '', h[5] or ''}
end

-- It has taken rows that it does not know of (see claim.lua): those are the ones to give.
local words = {}
for word in string.gmatch(redis.call('GET', memo) or '', '%S+') do words[#words + 1] = word end
for i = 2, words[1] and words[1] ~= ARGV[9] and #words or 0, 2 do
  local h = redis.call('HMGET', (key_of(words[i])), 'fence', 'claimed')
  if h[1] == words[i + 1] and h[2] ~= '' then
    redis.call('ZADD', P .. ':due', 'XX', int(at + lease), words[i])
    answer(words[i])
  end
end
if #answers > 0 then
  words[1] = call
  redis.call('SET', memo, table.concat(words, ' '), 'PX', math.max(lease, 1000))
  return answers
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. ':due', '-inf', int(at), 'LIMIT', 0, most)) do
  local key = key_of(name)
  room = room - redis.call('HSTRLEN', key, 'data') - redis.call('HSTRLEN', key, 'body')
  if room < 0 and #answers > 0 then break end
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'claimed', ARGV[5] .. '.')
  taken[#taken + 1] = name
  taken[#taken + 1] = int(redis.call('HINCRBY', key, 'fence', 1))
  redis.call('ZADD', P .. ':due', int(at + lease), name)
  answer(name)
end
if #answers > 0 then
  redis.call('SET', memo, table.concat(taken, ' '), 'PX', math.max(lease, 1000))
  redis.call('ZREM', P .. ':idle:outbox', who)
  return answers
end
local first = redis.call('ZRANGE', P .. ':due', 0, 0, 'WITHSCORES')
sleep('outbox', who)
return first[2] and math.max(math.ceil(tonumber(first[2]) - at), 1) or -1
