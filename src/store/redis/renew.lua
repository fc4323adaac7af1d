-- SPDX-License-Identifier: Apache-2.0
-- renew: ARGV[3] token, [4] fence, [5] the lease in ms.
local why = lost(ARGV[3], ARGV[4])
if why then return why end
in_memory_only()
redis.call('ZADD', RUNNING, 'XX', int(now() + tonumber(ARGV[5])), ARGV[3])
return 0
