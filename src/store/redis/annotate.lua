-- SPDX-License-Identifier: Apache-2.0
-- annotate: ARGV[3] token, [4] notes, [5] 1 when they are the last.
local token = ARGV[3]
local status = redis.call('HGET', sub(token), 'status')
if not status then return ENOENT end
if status == QUEUED or status == RUNNING_NOW then return EBUSY end
if status == CANCELLED then return ECANCELED end
redis.call('HSET', sub(token), 'notes', ARGV[4])
local key = row_key(token, COMPLETED, '0')
local row = redis.call('HMGET', key, 'state', 'ready', 'claimed', 'name')
if ARGV[5] == '1' and row[1] == PENDING then
  redis.call('HSET', key, 'ready', 0)
  local due, at = redis.call('ZSCORE', P .. ':due', row[4]), now()
  if due and row[3] == '' and tonumber(due) == tonumber(row[2]) and tonumber(due) > at then
    redis.call('ZADD', P .. ':due', int(at), row[4])
    wake('outbox')
  end
end
changed(token)
return 0
