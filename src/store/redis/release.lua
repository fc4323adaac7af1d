-- SPDX-License-Identifier: Apache-2.0
-- release: ARGV[3] token, [4] fence.
local token = ARGV[3]
local why = lost(token, ARGV[4])
if why then return why end
requeue(token, int(tonumber(redis.call('HGET', sub(token), 'attempts')) - 1))
return 0
