-- Tries a delivery again, now: dead ones go back to their place in the queue, waiting ones wait no
-- longer, and a stopped receiver goes on.
--
-- ARGV  id, or "" for all dead ones and all receivers that are stopped or failing
-- Returns {number of deliveries}, then the receivers with something to send
local woken = {}
local driven = 0
local function go(receiver)
  redis.call('DEL', P .. 'receiver:' .. receiver)
  redis.call('SADD', P .. 'receivers', receiver)
  woken[#woken + 1] = receiver
end
local function drive(id)
  local f = redis.call('HMGET', delivery(id), 'state', 'receiver', 'seq', 'attempts', 'only')
  if not f[1] or f[1] == 'sending' or f[1] == 'sent' or f[1] == 'dropped' then
    return
  end
  redis.call('ZREM', P .. 'dead', id)
  if not f[5] then
    -- It has no outcome any more.
    redis.call('ZREM', P .. 'ledger', id)
  end
  redis.call('HSET', delivery(id), 'base', f[4])
  redis.call('HDEL', delivery(id), 'next', 'suspect', 'settled')
  if f[5] then
    redis.call('HSET', delivery(id), 'state', 'parked')
    redis.call('ZADD', sorted('parked', f[2]), 0, id)
  else
    redis.call('HSET', delivery(id), 'state', 'waiting')
    redis.call('ZREM', sorted('parked', f[2]), id)
    redis.call('ZADD', sorted('queue', f[2]), f[3], id)
  end
  driven = driven + 1
  go(f[2])
end
if ARGV[1] ~= '' then
  drive(ARGV[1])
else
  for _, id in ipairs(redis.call('ZRANGE', P .. 'dead', 0, 4999)) do
    drive(id)
  end
  for _, receiver in ipairs(redis.call('SMEMBERS', P .. 'receivers')) do
    if redis.call('EXISTS', P .. 'receiver:' .. receiver) == 1 then
      go(receiver)
    end
  end
end
return { driven, unpack(woken) }
