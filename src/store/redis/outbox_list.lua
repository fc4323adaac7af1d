-- SPDX-License-Identifier: Apache-2.0
-- outbox_list: ARGV[3] "pending" or "dead", [4] the name after which to begin, or empty, [5] the most. Answers an array a row:
-- {name, token, kind, index, url, owner, created, state, attempts, status, error, next, delivered}.
local from = ARGV[4] == '' and '-' or '(' .. ARGV[4]
local answers = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', P .. ':' .. ARGV[3], from, '+', 'LIMIT', 0, ARGV[5])) do
  local key, kind, index = key_of(name)
  local s = redis.call('HMGET', sub(token_of(name)), 'url', 'owner')
  local answer = {name, token_of(name), kind, index, s[1], s[2], redis.call('HGET', key, 'created')}
  for _, value in ipairs(row_state(key)) do answer[#answer + 1] = value end
  answers[#answers + 1] = answer
end
return answers
