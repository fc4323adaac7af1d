-- SPDX-License-Identifier: Apache-2.0
-- common.lua: put in front of every script. The constants in capitals come from C (redis_script.c). The theory is at the top of redis.c.
--
-- KEYS[1] is the queue's prefix, e.g. "{evalx}"; all keys begin with it, so that they share one slot of a cluster:
--   :s:TOKEN   hash      one submission: its state, request, result
--   :e:TOKEN   list      progress of the claim in hand, "KIND INDEX DATA" each; not kept over a crash
--   :k:KEY     string    idempotency key -> token
--   :ready:OWNER  sorted places (order of arrival .. token) of what an owner has queued, by rank: the queue
--   :owners    sorted    owners that have something queued, by their tag: whose turn it is
--   :tags      hash      owner -> tag, of those that have nothing queued; :served is the tag that was served last
--   :shares    hash      owner -> share, where it is not 1
--   :age       sorted    all places by creation time
--   :running   sorted    tokens by the end of their lease
--   :done      sorted    tokens by the time they became final
--   :claim:ID  string    the last claim of one claimer, for a claim whose answer was lost
--   :idle:WHAT sorted    who found nothing (WHAT: queue or outbox), to be woken; not kept over a crash
--   :seq, :ended   numbers given out, submissions that ended; :swept, :format, :trial
-- The outbox: a row is a hash; its name, by which lists and sets know it, is PLACE:NNNNNN:KIND:INDEX.
--   :o:TOKEN:KIND:INDEX  hash    one row
--   :rows:TOKEN          list    the names of all rows of a submission, in the order they were written
--   :next:TOKEN          list    of those, the ones that are pending: only the first may go
--   :due                 sorted  the first pending row of each submission, by the time it is due (claimed: by the end of the lease)
--   :pending, :dead      sorted  names of rows, all with score 0: in the order of arrival
--   :owed                sorted  the names of :pending by creation time
-- ARGV[1] says who asks (its own changes are not told to it again), ARGV[2] is 1 when it asks again because no answer came.
local P, ORIGIN, AGAIN = KEYS[1], ARGV[1], ARGV[2] == '1'
local AGE, OWNERS, RUNNING, DONE = P .. ':age', P .. ':owners', P .. ':running', P .. ':done'

local function sub(token) return P .. ':s:' .. token end
local function events(token) return P .. ':e:' .. token end
local function int(number) return string.format('%.0f', number) end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What follows is written to memory alone: it need not outlive a crash, and so waits for no disk.
local function in_memory_only() redis.set_repl(redis.REPL_NONE) end

local function changed(token) redis.call('PUBLISH', P .. ':changed', token .. ' ' .. ORIGIN) end

-- Wakes one of those who wait for what. Those that are gone have no receiver.
local function wake(what)
  for _ = 1, 64 do
    local idle = redis.call('ZPOPMIN', P .. ':idle:' .. what)
    if #idle == 0 then return end
    if redis.call('PUBLISH', P .. ':wake:' .. string.match(idle[1], '^[^.]*'), what) > 0 then return end
  end
end

local function sleep(what, who)
  in_memory_only()
  redis.call('ZADD', P .. ':idle:' .. what, 'NX', int(now()), who)
end

local function ready(owner) return P .. ':ready:' .. owner end

-- Who had nothing waiting begins at the tag that was served last: turns are not saved up.
local function enqueue(token)
  local h = redis.call('HMGET', sub(token), 'rank', 'place', 'created', 'owner')
  if not redis.call('ZSCORE', OWNERS, h[4]) then
    local tag = tonumber(redis.call('HGET', P .. ':tags', h[4]) or 0)
    redis.call('ZADD', OWNERS, int(math.max(tag, tonumber(redis.call('GET', P .. ':served') or 0))), h[4])
  end
  redis.call('ZADD', ready(h[4]), h[1], h[2])
  redis.call('ZADD', AGE, h[3], h[2])
end

local function dequeue(place, owner)
  redis.call('ZREM', ready(owner), place)
  redis.call('ZREM', AGE, place)
  if redis.call('EXISTS', ready(owner)) == 0 then
    redis.call('HSET', P .. ':tags', owner, int(tonumber(redis.call('ZSCORE', OWNERS, owner))))
    redis.call('ZREM', OWNERS, owner)
  end
end

local function row_key(token, kind, index) return P .. ':o:' .. token .. ':' .. kind .. ':' .. index end
local function rows(token) return P .. ':rows:' .. token end
local function upcoming(token) return P .. ':next:' .. token end
local function token_of(name) return string.sub(name, 16, 37) end
local function key_of(name)
  local kind, index = string.match(name, ':(%d+):(%d+)$')
  return row_key(token_of(name), kind, index), kind, index
end

-- The first pending row of the submission may go.
local function next_up(token)
  local name = redis.call('LINDEX', upcoming(token), 0)
  if not name then return end
  redis.call('ZADD', P .. ':due', int(math.max(tonumber(redis.call('HGET', (key_of(name)), 'ready')), now())), name)
  wake('outbox')
end

local function make_pending(token, name, created)
  redis.call('RPUSH', upcoming(token), name)
  redis.call('ZADD', P .. ':pending', 0, name)
  redis.call('ZADD', P .. ':owed', created, name)
end

local function owes(token, kind)
  return bit.band(tonumber(redis.call('HGET', sub(token), 'events') or 0), 2 ^ tonumber(kind)) ~= 0
end

-- Adds a row, if the submission asked for such and has not got it already.
local function owe(token, kind, index, data, hold)
  local key = row_key(token, kind, index)
  if not owes(token, kind) or redis.call('EXISTS', key) == 1 then return end
  local at, place = now(), redis.call('HGET', sub(token), 'place')
  local name = string.format('%s:%06d:%s:%s', place, redis.call('LLEN', rows(token)), kind, index)
  redis.call('HSET', key, 'state', PENDING, 'created', int(at), 'ready', int(at + hold), 'attempts', 0, 'fence', 0, 'claimed', '', 'name', name,
    'settled', 0, 'status', 0, 'error', '')
  if data ~= '' then redis.call('HSET', key, 'data', data) end
  redis.call('RPUSH', rows(token), name)
  make_pending(token, name, int(at))
  if redis.call('LLEN', upcoming(token)) == 1 then next_up(token) end
end

-- {state, attempts, status, error, next, delivered} of a row; a row that is still to come is pending.
local function row_state(key)
  local h = redis.call('HMGET', key, 'state', 'attempts', 'status', 'error', 'claimed', 'settled', 'name')
  if not h[1] then return {PENDING, 0, 0, '', 0, 0} end
  local due = h[1] == PENDING and h[5] == '' and redis.call('ZSCORE', P .. ':due', h[7])
  return {h[1], h[2], h[3], h[4], due and int(tonumber(due)) or 0, h[1] == DELIVERED and h[6] or 0}
end

-- Running no longer; the caller says what it is instead.
local function stop_running(token)
  redis.call('ZREM', RUNNING, token)
  redis.call('UNLINK', events(token))
end

local function requeue(token, attempts)
  stop_running(token)
  redis.call('HSET', sub(token), 'status', QUEUED, 'started', 0, 'attempts', attempts)
  enqueue(token)
  changed(token)
  wake('queue')
end

local function finish(token, status, field, value, hold)
  local at = now()
  stop_running(token)
  redis.call('HSET', sub(token), 'status', status, 'finished', int(at), field, value)
  redis.call('ZADD', DONE, int(at), token)
  redis.call('INCR', P .. ':ended')
  owe(token, COMPLETED, '0', '', hold)
  changed(token)
end

local function drop(token)
  local key = redis.call('HGET', sub(token), 'key')
  if key and key ~= '' and redis.call('GET', P .. ':k:' .. key) == token then redis.call('DEL', P .. ':k:' .. key) end
  for _, name in ipairs(redis.call('LRANGE', rows(token), 0, -1)) do
    redis.call('UNLINK', (key_of(name)))
    for _, set in ipairs({':due', ':pending', ':owed', ':dead'}) do redis.call('ZREM', P .. set, name) end
  end
  redis.call('UNLINK', sub(token), events(token), rows(token), upcoming(token))
  redis.call('ZREM', DONE, token)
  changed(token)
end

-- nil when this claim is held; otherwise why not.
local function lost(token, fence)
  local h = redis.call('HMGET', sub(token), 'status', 'fence')
  if h[1] == RUNNING_NOW and h[2] == fence then return nil end
  return h[1] == CANCELLED and ECANCELED or ESTALE
end
