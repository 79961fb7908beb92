-- First sight of rules.
--
-- KEYS  a hash: rule id → unix ms
-- ARGV  now, rule ids
-- Returns the first sight of each, in order
local result = {}
for i = 2, #ARGV do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[1])
  result[#result + 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
return result
