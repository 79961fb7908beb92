-- Applies one step of the desk: its records, and the deliveries it makes. Steps are numbered; one behind
-- a step that is missing is refused.
--
-- ARGV  now (ms), number of the step, how many records are set, how many are deleted, how many pieces of
--       news there are for the ledger; then key and bytes of each; key of each; each piece; then of each delivery: id, kind, receiver, group, route, notice, the rest as
--       JSON, number of items, their keys
-- Returns {1}, then the receivers with something to send; or {0}
local now = ARGV[1]
local key, counter = P .. 'desk', P .. 'desk:step'
if tonumber(redis.call('GET', counter) or '0') + 1 ~= tonumber(ARGV[2]) then
  return { 0 }
end
redis.call('SET', counter, ARGV[2])
local at = 6
for _ = 1, tonumber(ARGV[3]) do
  redis.call('HSET', key, ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, tonumber(ARGV[4]) do
  redis.call('HDEL', key, ARGV[at])
  at = at + 1
end
for _ = 1, tonumber(ARGV[5]) do
  redis.call('XADD', P .. 'verdicts', '*', 'v', ARGV[at])
  at = at + 1
end
local woken, known = {}, {}
while at <= #ARGV do
  local id, receiver, items = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 7])
  if redis.call('EXISTS', delivery(id)) == 0 then
    create(id, receiver, ARGV[at + 3], ARGV[at + 4], now, ARGV[at + 1])
    redis.call('HSET', delivery(id), 'desk', ARGV[at + 6])
    if ARGV[at + 5] ~= '' then
      redis.call('HSET', delivery(id), 'notice', ARGV[at + 5])
    end
    for i = at + 8, at + 7 + items do
      redis.call('RPUSH', delivery(id) .. ':keys', ARGV[i])
    end
    if not known[receiver] then
      known[receiver] = true
      woken[#woken + 1] = receiver
    end
  end
  at = at + 8 + items
end
return { 1, unpack(woken) }
