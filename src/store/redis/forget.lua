-- SPDX-License-Identifier: Apache-2.0
-- forget: ARGV[3] token.
local status = redis.call('HGET', sub(ARGV[3]), 'status')
if not status then return AGAIN and 0 or ENOENT end
if status == QUEUED or status == RUNNING_NOW then return EBUSY end
drop(ARGV[3])
return 0
