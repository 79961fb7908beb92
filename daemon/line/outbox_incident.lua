-- Something of the house begins or is over, and people are to hear of it: once of each, whoever says it
-- again. What goes on stands in a hash, so that it is known over a restart.
--
-- ARGV  now (ms), the incident, 1: it goes on, 0: it is over, group of the deliveries, what is said, then
--       the receivers
-- Returns 1 when it was news, then the receivers with something to send; or 0
local now, incident, group, why = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local key = P .. 'incidents'
if redis.call('HEXISTS', key, incident) == tonumber(ARGV[3]) then
  return { 0 }
end
if ARGV[3] == '1' then
  redis.call('HSET', key, incident, now)
else
  redis.call('HDEL', key, incident)
end
local woken = {}
for i = 6, #ARGV do
  local id = make_id(ARGV[i], group, incident, now)
  if redis.call('EXISTS', delivery(id)) == 0 then
    create(id, ARGV[i], group, '', now)
    redis.call('HSET', delivery(id), 'notice', why)
    woken[#woken + 1] = ARGV[i]
  end
end
return { 1, unpack(woken) }
