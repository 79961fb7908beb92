-- Groups whose time has come become deliveries.
--
-- ARGV  now (ms), most groups at a time
-- Returns when the next group is due (-1: none waits), then the receivers with something to send
local woken = {}
for _, token in ipairs(redis.call('ZRANGEBYSCORE', P .. 'groups', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local key = P .. 'group:' .. redis.sha1hex(token)
  local f = redis.call('HMGET', key, 'receiver', 'group', 'route', 'id')
  if f[4] and redis.call('EXISTS', delivery(f[4])) == 0 then
    create(f[4], f[1], f[2], f[3], ARGV[1])
    redis.call('RENAME', key .. ':keys', delivery(f[4]) .. ':keys')
    woken[#woken + 1] = f[1]
  end
  redis.call('DEL', key, key .. ':keys')
  redis.call('ZREM', P .. 'groups', token)
end
return { next_group(), unpack(woken) }
