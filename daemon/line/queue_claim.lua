-- Takes over what other consumers of a group left lying. XAUTOCLAIM would drop deleted entries
-- without a word (7.0) or without their ids (6.2); here they are named.
--
-- KEYS  the stream
-- ARGV  group, own consumer name, least idle time (ms), most entries to look at
-- Returns number of entries that are ours now, then the ids of deleted ones
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local pending = redis.pcall('XPENDING', stream, group, 'IDLE', ARGV[3], '-', '+', ARGV[4])
if pending.err then
  return { 0 }
end
local claimed = 0
local result = { 0 }
for _, entry in ipairs(pending) do
  if entry[2] ~= consumer then
    if #redis.call('XRANGE', stream, entry[1], entry[1]) == 0 then
      result[#result + 1] = entry[1]
    else
      redis.call('XCLAIM', stream, group, consumer, ARGV[3], entry[1], 'JUSTID')
      claimed = claimed + 1
    end
  end
end
result[1] = claimed
return result
