-- One chunk of a commit. Runs as one step; the order of its effects matters all the same, because a
-- step that fails half-way (out of memory) keeps what it did: first the hits, then that they are
-- known, then the source's state, which makes us forget what came before it.
--
-- KEYS  hits, meta, source, known of this generation, of the one before, of the one before that
-- ARGV  an epoch in case there is none; the epoch we remember ('' for any); the least commit number
--       we remember; end of this generation's known (unix ms); 1 for the last chunk; number of
--       groups, their names; number of strings of the state, the state (name, value, …); then for
--       each hit: key, content hash, bytes. A content hash of zeros says that the item is gone: it
--       is told only of what is known. One of 255s says that the key is another name, by which the
--       network will say so, of the item whose key the bytes are: 255 and that key are kept for it
-- Returns 1 when epoch and commit number are ours, else 0 (and the state was not stored); epoch;
--       commit number; hits added, updated, known
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

local hits, meta, source, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fresh, expected, floor, expires, last = take(), take(), tonumber(take()), take(), take() == '1'

local now = redis.call('HMGET', meta, 'epoch', 'commit')
local epoch = now[1]
if not epoch then
  epoch = fresh
  redis.call('HSET', meta, 'version', '1', 'epoch', fresh, 'commit', '0')
end
local ours = (expected == '' or expected == epoch) and tonumber(now[2] or '0') >= floor

local groups = {}
for _ = 1, tonumber(take()) do
  groups[#groups + 1] = take()
end
local state = {}
for _ = 1, tonumber(take()) do
  state[#state + 1] = take()
end

local keys, hashes, bodies = {}, {}, {}
while at < #ARGV do
  keys[#keys + 1], hashes[#hashes + 1], bodies[#bodies + 1] = take(), take(), take()
end
local remembered = #keys > 0 and redis.call('HMGET', known, unpack(keys)) or {}
local added, updated, same, touched = 0, 0, 0, false
local gone, alias = string.rep('\0', 8), string.rep('\255', 8)

-- What stands there of a key, and whether an older generation had to be asked.
local function recall(key, hash)
  local older = false
  for g = 5, 6 do
    if not hash then
      hash = redis.call('HGET', KEYS[g], key)
      older = hash and true
    end
  end
  return hash, older
end
local function hex(key)
  return (string.gsub(key, '.', function(c) return string.format('%02x', string.byte(c)) end))
end

for i, key in ipairs(keys) do
  local body = bodies[i]
  local hash, older = recall(key, remembered[i])
  if hashes[i] == alias then
    if recall(body, redis.call('HGET', known, body)) then
      redis.call('HSET', known, key, '\255' .. body)
      touched = true
    end
  else
    if hashes[i] == gone then
      if not hash then -- perhaps an alias of this very commit
        hash = redis.call('HGET', known, key)
      end
      if hash and #hash == 17 then
        local item = string.sub(hash, 2)
        body = string.gsub(body, hex(key), hex(item), 1)
        key = item
        hash, older = recall(key, redis.call('HGET', known, key))
      end
    end
    if hash ~= hashes[i] and (hash or hashes[i] ~= gone) then
      if added + updated == 0 then
        -- From 0 and before the first entry, or a group would never see it. Mostly they exist.
        for _, group in ipairs(groups) do
          redis.pcall('XGROUP', 'CREATE', hits, group, '0', 'MKSTREAM')
        end
      end
      if hash then
        redis.call('XADD', hits, '*', 'v', '1', 'k', key, 'b', body, 'u', '1')
        updated = updated + 1
      else
        redis.call('XADD', hits, '*', 'v', '1', 'k', key, 'b', body)
        added = added + 1
      end
      redis.call('HSET', known, key, hashes[i])
      touched = true
    elseif hash then
      same = same + 1
      if older then
        redis.call('HSET', known, key, hash)
        touched = true
      end
    end
  end
end
if touched and redis.call('PTTL', known) == -1 then
  redis.call('PEXPIREAT', known, expires)
end

if last and ours then
  redis.call('DEL', source)
  if #state > 0 then
    redis.call('HSET', source, unpack(state))
  end
end
return { ours and 1 or 0, epoch, redis.call('HINCRBY', meta, 'commit', 1), added, updated, same }
