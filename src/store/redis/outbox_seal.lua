-- SPDX-License-Identifier: Apache-2.0
-- outbox_seal: ARGV[3] token, [4] kind, [5] index, [6] fence, [7] body. Answers the body that is kept, or a code.
local key = row_key(ARGV[3], ARGV[4], ARGV[5])
local h = redis.call('HMGET', key, 'fence', 'claimed', 'body')
if h[1] ~= ARGV[6] or h[2] == '' then return ESTALE end
if h[3] then return h[3] end
redis.call('HSET', key, 'body', ARGV[7])
redis.call('HDEL', key, 'data')
return ARGV[7]
