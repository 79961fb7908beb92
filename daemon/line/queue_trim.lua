-- Takes out of a stream what every group has acknowledged.
--
-- KEYS  the stream
-- ARGV  the groups that must be there: while one is missing nothing is taken out
-- Returns entries taken out; entries left; bytes of memory (0: unknown); the group that holds most
local stream = KEYS[1]
local groups = redis.pcall('XINFO', 'GROUPS', stream)
if groups.err then
  return { 0, 0, 0, '' }
end

local function parse(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local met, least_ms, least_seq, slowest = {}, nil, nil, ''
for _, flat in ipairs(groups) do
  local group = {}
  for i = 1, #flat, 2 do
    group[flat[i]] = flat[i + 1]
  end
  local ms, seq
  if group['pending'] > 0 then
    ms, seq = parse(redis.call('XPENDING', stream, group['name'])[2])
  else
    ms, seq = parse(group['last-delivered-id'])
    seq = seq + 1
  end
  met[group['name']] = true
  if not least_ms or ms < least_ms or (ms == least_ms and seq < least_seq) then
    least_ms, least_seq, slowest = ms, seq, group['name']
  end
end
for _, name in ipairs(ARGV) do
  if not met[name] then
    least_ms, slowest = nil, name
  end
end

local trimmed = 0
if least_ms then
  trimmed = redis.call('XTRIM', stream, 'MINID', string.format('%.0f-%.0f', least_ms, least_seq))
end
local bytes = redis.pcall('MEMORY', 'USAGE', stream)
return { trimmed, redis.call('XLEN', stream), type(bytes) == 'number' and bytes or 0, slowest }
