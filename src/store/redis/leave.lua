-- SPDX-License-Identifier: Apache-2.0
-- leave: ARGV[3] who is not to be woken any more, [4] for what.
in_memory_only()
redis.call('ZREM', P .. ':idle:' .. ARGV[4], ARGV[3])
return 0
