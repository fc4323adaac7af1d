-- SPDX-License-Identifier: Apache-2.0
-- outbox_depth: answers {pending, dead, creation time of the oldest that is pending (0: none), the server's time}.
local oldest = redis.call('ZRANGE', P .. ':owed', 0, 0, 'WITHSCORES')
return {redis.call('ZCARD', P .. ':pending'), redis.call('ZCARD', P .. ':dead'), int(tonumber(oldest[2] or 0)), int(now())}
