-- SPDX-License-Identifier: Apache-2.0
-- claim: ARGV[3] the claimer, [4] this call's number, [7] that of the last call whose claim it has got, [5] the worker's name, [6] the lease
-- in ms. Answers
-- {token, fence, attempt, created, request, priority, owner, share}, or nothing: then the claimer is on the list of those to be woken.
local claimer, call, worker, lease = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local memo = P .. ':claim:' .. claimer

local function answer(token)
  local h = redis.call('HMGET', sub(token), 'fence', 'attempts', 'created', 'request', 'priority', 'owner')
  return {token, h[1], tonumber(h[2]), h[3], h[4], tonumber(h[5]), h[6], redis.call('HGET', P .. ':shares', h[6]) or '1'}
end

-- It has made a claim that it does not know of: the answer was lost, or the command came late. That is the one to give.
local its_call, its_token, its_fence = string.match(redis.call('GET', memo) or '', '^(%S+) (%S+) (%S+)$')
if its_call and its_call ~= ARGV[7] and not lost(its_token, its_fence) then
  redis.call('SET', memo, call .. ' ' .. its_token .. ' ' .. its_fence, 'PX', math.max(lease, 1000))
  redis.call('ZADD', RUNNING, 'XX', int(now() + lease), its_token)
  return answer(its_token)
end

local owner, place
repeat
  owner = redis.call('ZRANGE', OWNERS, 0, 0, 'WITHSCORES')
  if not owner[1] then
    sleep('queue', claimer)
    return false
  end
  place = redis.call('ZRANGE', ready(owner[1]), 0, 0)[1]
  if not place then redis.call('ZREM', OWNERS, owner[1]) end -- listed with nothing queued: must not stop the others
until place
-- Its turn is over: the more its share, the sooner it has the next one.
local share = tonumber(redis.call('HGET', P .. ':shares', owner[1]) or 1)
redis.call('SET', P .. ':served', int(tonumber(owner[2])))
redis.call('ZADD', OWNERS, int(tonumber(owner[2]) + math.floor(OWNER_TURN / share)), owner[1])
local token, at = string.sub(place, 16), now()
dequeue(place, owner[1])
redis.call('HSET', sub(token), 'status', RUNNING_NOW, 'started', int(at), 'worker', worker)
redis.call('HINCRBY', sub(token), 'attempts', 1)
local fence = redis.call('HINCRBY', sub(token), 'fence', 1)
redis.call('ZADD', RUNNING, int(at + lease), token)
redis.call('UNLINK', events(token))
redis.call('SET', memo, call .. ' ' .. token .. ' ' .. int(fence), 'PX', math.max(lease, 1000))
redis.call('ZREM', P .. ':idle:queue', claimer)
owe(token, STARTED, '0', '', 0)
changed(token)
return answer(token)
