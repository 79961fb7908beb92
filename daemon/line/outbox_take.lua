-- The next delivery of a receiver to try, with the attempt written down before it is made.
--
-- A receiver that fails is tried again with its oldest delivery. Where that one is suspected of
-- being the trouble itself (outbox_done.lua), the one behind it is tried once: a trial.
--
-- A receiver that was stopped goes on when its configuration (its mark) is another one.
--
-- ARGV  now (ms), receiver, its mark
-- Returns "empty"; or "gone", why; or "wait", until (ms); or "take", id, group, route, created,
--         attempts with this one, tries since it was last driven, failures of the receiver in a row,
--         suspect the trial is about or "", recipients left or "", notice or "", kind, what
--         else the desk said of it (JSON) or "", then the item keys
local now, receiver = tonumber(ARGV[1]), ARGV[2]
local queue, parked = sorted('queue', receiver), sorted('parked', receiver)
local r = redis.call('HMGET', P .. 'receiver:' .. receiver, 'state', 'next', 'failures', 'why', 'mark')
if r[1] == 'gone' then
  if r[5] == ARGV[3] then
    return { 'gone', r[4] or '' }
  end
  redis.call('DEL', P .. 'receiver:' .. receiver)
  r = {}
end
if r[2] and tonumber(r[2]) > now then
  return { 'wait', r[2] }
end
local heads = redis.call('ZRANGE', queue, 0, 1)
local failures = tonumber(r[3] or '0')
local id, suspect = heads[1], ''
if failures == 0 or not id then
  id = redis.call('ZRANGEBYSCORE', parked, '-inf', now, 'LIMIT', 0, 1)[1] or id
end
if not id then
  local first = redis.call('ZRANGE', parked, 0, 0, 'WITHSCORES')
  if first[2] then
    return { 'wait', first[2] }
  end
  redis.call('SREM', P .. 'receivers', receiver)
  return { 'empty' }
end
if id == heads[1] and heads[2] and redis.call('HDEL', delivery(id), 'suspect') == 1 then
  suspect, id = id, heads[2]
end
local d = delivery(id)
local attempts = redis.call('HINCRBY', d, 'attempts', 1)
redis.call('HSET', d, 'state', 'sending', 'a:' .. attempts, '{"at":' .. ARGV[1] .. '}')
redis.call('HDEL', d, 'a:' .. (attempts - 20))
local f = redis.call('HMGET', d, 'group', 'route', 'created', 'base', 'only', 'notice', 'kind', 'desk')
local keys = redis.call('LRANGE', d .. ':keys', 0, -1)
return { 'take', id, f[1], f[2], f[3], tostring(attempts), tostring(attempts - tonumber(f[4])),
  tostring(failures), suspect, f[5] or '', f[6] or '', f[7] or '', f[8] or '', unpack(keys) }
