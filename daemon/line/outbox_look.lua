-- The whole of it: receivers that have something, numbers, and what the ledger was not told.
--
-- ARGV  most ids of the last kind
-- Returns {receivers}, {waiting, parked, dead, sent, stopped}, {ids}
local receivers = redis.call('SMEMBERS', P .. 'receivers')
local waiting, parked, stopped = 0, 0, 0
for _, receiver in ipairs(receivers) do
  waiting = waiting + redis.call('ZCARD', sorted('queue', receiver))
  parked = parked + redis.call('ZCARD', sorted('parked', receiver))
  if redis.call('HGET', P .. 'receiver:' .. receiver, 'state') == 'gone' then
    stopped = stopped + 1
  end
end
return { receivers,
  { waiting, parked, redis.call('ZCARD', P .. 'dead'), redis.call('ZCARD', P .. 'sent'),
    stopped },
  redis.call('ZRANGE', P .. 'ledger', 0, tonumber(ARGV[1]) - 1) }
