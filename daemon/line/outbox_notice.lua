-- Files a finding of vigie's own for its receivers: a delivery each, at once, with what it says.
-- One that is filed already is passed over.
--
-- ARGV  now (ms), key of the finding, when it was found (ms), the notice, then receiver, group, route
--       of each
-- Returns how many were filed, then the receivers with something to send
local now, item, at, notice = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local woken = {}
for i = 5, #ARGV, 3 do
  local receiver, group, route = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('SETNX', P .. 'item:' .. item .. ':' .. receiver, now) == 1 then
    local id = make_id(receiver, group, item, at)
    if redis.call('EXISTS', delivery(id)) == 0 then
      create(id, receiver, group, route, now)
      redis.call('HSET', delivery(id), 'notice', notice)
      redis.call('RPUSH', delivery(id) .. ':keys', item)
      woken[#woken + 1] = receiver
    end
  end
end
return { #woken, unpack(woken) }
