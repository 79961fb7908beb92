-- The ledger knows the outcomes of a delivery: what was kept only until then is forgotten, and old
-- records are thinned out.
--
-- ARGV  id, most delivered ones to keep, delivered before this (ms) are forgotten, most dead ones
-- Returns the number of dead ones that were forgotten for want of room, then the ids of these and of
-- the one that was dropped
local id = ARGV[1]
local d = delivery(id)
local f = redis.call('HMGET', d, 'receiver', 'state')
redis.call('ZREM', P .. 'ledger', id)
if f[1] then
  for _, item in ipairs(redis.call('LRANGE', d .. ':keys', 0, -1)) do
    redis.call('DEL', P .. 'item:' .. item .. ':' .. f[1])
  end
end
local forgotten, dead = {}, 0
if f[2] == 'dropped' then
  forget(id)
  forgotten[1] = id
end
-- One that neither the ledger nor the desk knows the end of yet is kept until they do.
local function thin_out(old)
  local known = not redis.call('ZSCORE', P .. 'ledger', old)
  if known then
    forget(old)
  end
  return known
end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', P .. 'sent', '-inf', '(' .. ARGV[3], 'LIMIT', 0, 20)) do
  thin_out(old)
end
local extra = redis.call('ZCARD', P .. 'sent') - tonumber(ARGV[2])
if extra > 0 then
  for _, old in ipairs(redis.call('ZRANGE', P .. 'sent', 0, math.min(extra, 20) - 1)) do
    thin_out(old)
  end
end
extra = math.min(redis.call('ZCARD', P .. 'dead') - tonumber(ARGV[4]), 20)
if extra > 0 then
  for _, old in ipairs(redis.call('ZRANGE', P .. 'dead', 0, extra - 1)) do
    if thin_out(old) then
      forgotten[#forgotten + 1] = old
      dead = dead + 1
    end
  end
end
return { dead, unpack(forgotten) }
