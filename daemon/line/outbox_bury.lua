-- Gives up deliveries: all of a receiver that is no longer configured, or one by hand.
--
-- ARGV  now (ms), receiver or "", id or "", state it gets (dead, dropped), why, most at a time
-- Returns the ids; fewer than asked: there are no more
local buried = {}
local function bury(id, receiver)
  local state = redis.call('HGET', delivery(id), 'state')
  if not state or state == 'sent' or state == 'dropped' or (ARGV[3] ~= '' and state == 'sending') then
    return
  end
  settle(id, receiver, ARGV[4], ARGV[5], ARGV[1])
  buried[#buried + 1] = id
end
if ARGV[3] ~= '' then
  bury(ARGV[3], redis.call('HGET', delivery(ARGV[3]), 'receiver') or '')
else
  local most = tonumber(ARGV[6])
  for _, name in ipairs({ 'queue', 'parked' }) do
    for _, id in ipairs(redis.call('ZRANGE', sorted(name, ARGV[2]), 0, most - 1)) do
      if #buried < most then
        bury(id, ARGV[2])
      end
    end
  end
  redis.call('DEL', P .. 'receiver:' .. ARGV[2])
  if #buried < most then
    redis.call('SREM', P .. 'receivers', ARGV[2])
  end
end
return buried
