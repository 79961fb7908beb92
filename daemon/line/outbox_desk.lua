-- The desk's state. What an older layout left is brought to this one before, as one step with the reading:
--
-- Layout 1 (no mark) had groups of its own: {act}:groups, tokens by when they are due, and of each token
-- {act}:group:SHA1 (receiver, group, route, start, id) and {act}:group:SHA1:keys. They become deliveries
-- as they would have, only at once. A hit was filed for all its receivers in one step, and acknowledged
-- behind it; so what is in a group or a delivery and comes from the queue again was filed before: the
-- desk is to know it as taken. What the desk has taken itself is not in a group any more.
--
-- ARGV  now (ms)
-- Returns {number of the desk's last step, 1 when it is whole (outbox_whole.lua), {key and bytes of each of
-- its records}}; or {layout} when it is a newer one: nothing is touched then
local LAYOUT = 2
local TAKEN = '\1\2' -- the desk's record k:ITEM, version 1: number 1, the oldest there is
local now = ARGV[1]
local desk = P .. 'desk'

local function upgrade()
  local mine = {}
  local function taken(item)
    if redis.call('HSETNX', desk, 'k:' .. item, TAKEN) == 1 then
      mine[item] = true
    end
    return not mine[item]
  end
  for _, token in ipairs(redis.call('ZRANGE', P .. 'groups', 0, -1)) do
    local key = P .. 'group:' .. redis.sha1hex(token)
    local f = redis.call('HMGET', key, 'receiver', 'group', 'route', 'id')
    local items = {}
    for _, item in ipairs(redis.call('LRANGE', key .. ':keys', 0, -1)) do
      if not taken(item) then
        items[#items + 1] = item
      end
    end
    if f[4] and #items > 0 and redis.call('EXISTS', delivery(f[4])) == 0 then
      create(f[4], f[1], f[2], f[3], now, 'alert')
      for _, item in ipairs(items) do
        redis.call('RPUSH', delivery(f[4]) .. ':keys', item)
      end
    end
    redis.call('DEL', key, key .. ':keys')
  end
  redis.call('DEL', P .. 'groups')
  local waiting = { P .. 'sent', P .. 'ledger' }
  for _, receiver in ipairs(redis.call('SMEMBERS', P .. 'receivers')) do
    waiting[#waiting + 1] = sorted('queue', receiver)
    waiting[#waiting + 1] = sorted('parked', receiver)
  end
  for _, set in ipairs(waiting) do
    for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
      for _, item in ipairs(redis.call('LRANGE', delivery(id) .. ':keys', 0, -1)) do
        taken(item)
      end
    end
  end
end

local layout = tonumber(redis.call('GET', P .. 'layout') or '1')
if layout < LAYOUT then
  upgrade()
  redis.call('SET', P .. 'layout', LAYOUT)
elseif layout > LAYOUT then
  return { tostring(layout) }
end
return { redis.call('GET', P .. 'desk:step') or '0', redis.call('EXISTS', P .. 'desk:whole'),
  redis.call('HGETALL', desk) }
