-- SPDX-License-Identifier: Apache-2.0
-- sweep: ARGV[3] the time to go by, or empty: the server's; [4] the lease, [5] the retention in ms, [6] the most to do at once.
-- Answers the tokens that changed.
local given, lease, retention, most = ARGV[3] ~= '', tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local at = given and tonumber(ARGV[3]) or now()
local tokens = {}

-- Nobody swept for a while, so nobody could renew either: the server was away, or stood still (and after a restart it knows of no
-- renewal since its last snapshot). The workers may be alive and well; they get one more lease to say so.
local swept = tonumber(redis.call('GET', P .. ':swept') or 0)
if not given and at - swept > SWEEP_GAP_MS then
  for _, token in ipairs(redis.call('ZRANGE', RUNNING, 0, -1)) do
    redis.call('ZADD', RUNNING, 'XX', 'GT', int(at + lease), token)
  end
end
-- The clock was set back: ends of leases written before lie too far ahead, and who died meanwhile would be waited for until then.
if not given and swept - at > SWEEP_GAP_MS then
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, '(' .. int(at + lease), '+inf')) do
    redis.call('ZADD', RUNNING, 'XX', int(at + lease), token)
  end
end

local function last_words(token)
  local worker = redis.call('HGET', sub(token), 'worker')
  local last = redis.call('LINDEX', events(token), -1)
  local kind, index = string.match(last or '', '^(%d+) (%d+) ')
  local words = 'had reported nothing'
  if kind == EVENT_COMPILE then words = 'had reported the end of compiling'
  elseif kind == EVENT_TEST then words = 'had last reported the end of test case ' .. index end
  return '; the last one, ' .. (worker or '') .. ', ' .. words
end

for _, token in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, '-inf', int(at), 'LIMIT', 0, most)) do
  local attempts = tonumber(redis.call('HGET', sub(token), 'attempts'))
  if attempts < ATTEMPTS_MAX then
    requeue(token, attempts)
  else
    finish(token, FAILED, 'message', LOST_MESSAGE .. last_words(token), 0)
  end
  tokens[#tokens + 1] = token
end
local room = ROWS_A_SWEEP -- others wait while this runs
for _, token in ipairs(redis.call('ZRANGEBYSCORE', DONE, '-inf', int(at - retention), 'LIMIT', 0, 4 * most)) do
  if redis.call('LLEN', upcoming(token)) > 0 then -- something is owed: out of the way, until it is settled or a while has passed
    redis.call('ZADD', DONE, int(at - retention + OWED_AGAIN_MS), token)
  else
    room = room - redis.call('LLEN', rows(token))
    drop(token)
    tokens[#tokens + 1] = token
    if room < 0 then break end
  end
end
if not given then
  in_memory_only()
  redis.call('SET', P .. ':swept', int(at))
end
return tokens
