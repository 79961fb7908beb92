-- Files one hit under its receivers: a group that waits for company gets its key, a group of one
-- becomes a delivery at once. A (hit, receiver) that is already filed is passed over.
--
-- ARGV  now (ms), item key, when it was fetched (ms), most keys of a group,
--       then receiver, group, route, wait (ms; 0: at once) of each
-- Returns when the next group is due (-1: none waits), then the receivers with something to send
local now, item, at, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local woken = {}
for i = 5, #ARGV, 4 do
  local receiver, group, route, wait = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  if redis.call('SETNX', P .. 'item:' .. item .. ':' .. receiver, now) == 1 then
    if wait == 0 then
      local id = make_id(receiver, group, item, at)
      if redis.call('EXISTS', delivery(id)) == 0 then
        create(id, receiver, group, route, now)
        redis.call('RPUSH', delivery(id) .. ':keys', item)
        woken[#woken + 1] = receiver
      end
    else
      local token = receiver .. '\n' .. group
      local key = P .. 'group:' .. redis.sha1hex(token)
      if redis.call('EXISTS', key) == 0 then
        redis.call('HSET', key, 'receiver', receiver, 'group', group, 'route', route, 'start', now,
          'id', make_id(receiver, group, item, at))
        redis.call('ZADD', P .. 'groups', tonumber(now) + wait, token)
      end
      if redis.call('RPUSH', key .. ':keys', item) >= most then
        redis.call('ZADD', P .. 'groups', now, token)
      end
    end
  end
end
return { next_group(), unpack(woken) }
