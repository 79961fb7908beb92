-- Stands before each of the outbox's scripts. All keys share one hash tag, so they live on one node.
--
-- KEYS  the prefix with the tag, "vigie:{act}:"
local P = KEYS[1]

local function sorted(name, receiver)
  return P .. name .. ':' .. receiver
end

local function delivery(id)
  return P .. 'delivery:' .. id
end

-- A delivery waits in its receiver's queue, in the order of creation.
local function create(id, receiver, group, route, now, kind)
  local seq = redis.call('INCR', P .. 'seq')
  redis.call('HSET', delivery(id), 'receiver', receiver, 'group', group, 'route', route,
    'kind', kind or 'notice', 'state', 'waiting', 'created', now, 'attempts', 0, 'base', 0, 'seq', seq)
  redis.call('ZADD', sorted('queue', receiver), seq, id)
  redis.call('SADD', P .. 'receivers', receiver)
end

-- The same finding in the same group makes the same id, whenever it is seen.
local function make_id(receiver, group, item, at)
  return string.sub(redis.sha1hex(receiver .. '\n' .. group .. '\n' .. item .. '\n' .. at), 1, 26)
end

-- Out of every place where it waits.
local function take_out(id, receiver)
  redis.call('ZREM', sorted('queue', receiver), id)
  redis.call('ZREM', sorted('parked', receiver), id)
  redis.call('ZREM', P .. 'dead', id)
end

-- It has an outcome: what the ledger still has to be told.
local function settle(id, receiver, state, why, now)
  take_out(id, receiver)
  redis.call('HSET', delivery(id), 'state', state, 'why', why, 'settled', now)
  redis.call('HDEL', delivery(id), 'next')
  redis.call('ZADD', P .. 'ledger', now, id)
  if state == 'sent' or state == 'dead' then
    redis.call('ZADD', P .. state, now, id)
  end
end

-- With what the desk still has of it (alerts/desk_record.h): it will say so itself, unless it is killed
-- before.
local function forget(id)
  redis.call('DEL', delivery(id), delivery(id) .. ':keys')
  redis.call('HDEL', P .. 'desk', 'o:' .. id)
  redis.call('ZREM', P .. 'sent', id)
  redis.call('ZREM', P .. 'dead', id)
end
