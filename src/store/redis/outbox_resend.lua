-- SPDX-License-Identifier: Apache-2.0
-- outbox_resend: ARGV[3] token.
local token = ARGV[3]
if redis.call('LLEN', upcoming(token)) > 0 then return AGAIN and 0 or EBUSY end
local names = redis.call('LRANGE', rows(token), 0, -1)
for _, state in ipairs({DEAD, DELIVERED}) do
  for _, name in ipairs(names) do
    local key = key_of(name)
    local h = redis.call('HMGET', key, 'state', 'created')
    if h[1] == state then
      redis.call('HSET', key, 'state', PENDING, 'attempts', 0, 'settled', 0, 'ready', 0)
      redis.call('ZREM', P .. ':dead', name)
      make_pending(token, name, h[2])
    end
  end
  if redis.call('LLEN', upcoming(token)) > 0 then
    next_up(token)
    return 0
  end
end
return ENOENT
