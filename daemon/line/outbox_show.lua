-- Deliveries for people.
--
-- ARGV  most of each kind; or "id", the beginning of an id
-- Returns a list of {id, number of keys, HGETALL…}; for one id the item keys as a second list
local function one(id)
  return { id, redis.call('LLEN', delivery(id) .. ':keys'), redis.call('HGETALL', delivery(id)) }
end
local function all(most)
  local ids = {}
  local function add(more)
    for _, id in ipairs(more) do
      ids[#ids + 1] = id
    end
  end
  local receivers = redis.call('SMEMBERS', P .. 'receivers')
  table.sort(receivers)
  for _, receiver in ipairs(receivers) do
    add(redis.call('ZRANGE', sorted('queue', receiver), 0, most - 1))
    add(redis.call('ZRANGE', sorted('parked', receiver), 0, most - 1))
  end
  add(redis.call('ZREVRANGE', P .. 'dead', 0, most - 1))
  add(redis.call('ZREVRANGE', P .. 'sent', 0, most - 1))
  return ids
end
local found = {}
if ARGV[1] ~= 'id' then
  for _, id in ipairs(all(tonumber(ARGV[1]))) do
    found[#found + 1] = one(id)
  end
  return { found, {} }
end
local exact = redis.call('EXISTS', delivery(ARGV[2])) == 1
for _, id in ipairs(exact and { ARGV[2] } or all(1000000)) do
  if string.sub(id, 1, #ARGV[2]) == ARGV[2] then
    found[#found + 1] = one(id)
  end
end
return { found, #found == 1 and redis.call('LRANGE', delivery(found[1][1]) .. ':keys', 0, -1) or {} }
