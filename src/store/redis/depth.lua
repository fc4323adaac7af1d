-- SPDX-License-Identifier: Apache-2.0
-- depth: answers {waiting, running, creation time of the oldest that waits (0: none), the server's time, how many have ended}.
local oldest = redis.call('ZRANGE', AGE, 0, 0, 'WITHSCORES')
return {redis.call('ZCARD', AGE), redis.call('ZCARD', RUNNING), int(tonumber(oldest[2] or 0)), int(now()), redis.call('GET', P .. ':ended') or '0'}
