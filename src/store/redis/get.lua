-- SPDX-License-Identifier: Apache-2.0
-- get: ARGV[3] token. Answers {status, attempts, created, started, finished, message, request, result, notes, owner, webhook, events},
-- or nothing. webhook: see row_state in common.lua.
local token = ARGV[3]
local h = redis.call('HMGET', sub(token), 'status', 'attempts', 'created', 'started', 'finished', 'message', 'request', 'result', 'notes',
  'owner')
if not h[1] then return false end
h[11] = owes(token, COMPLETED) and row_state(row_key(token, COMPLETED, '0')) or {}
h[12] = redis.call('LRANGE', events(token), 0, -1)
return h
