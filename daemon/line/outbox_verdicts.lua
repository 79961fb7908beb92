-- What the ledger is to be told of the desk's verdicts, oldest first.
--
-- ARGV  id of the last one the ledger knows, or "": those up to it are forgotten; most at a time
-- Returns id and bytes of each; none: there are no more
local ENOUGH = 200000 -- bytes: read in one go by the loop
local key = P .. 'verdicts'
if ARGV[1] ~= '' then
  local ms, seq = string.match(ARGV[1], '^(%d+)-(%d+)$')
  redis.call('XTRIM', key, 'MINID', string.format('%s-%d', ms, tonumber(seq) + 1))
end
local found, bytes = {}, 0
for _, entry in ipairs(redis.call('XRANGE', key, '-', '+', 'COUNT', ARGV[2])) do
  if bytes > ENOUGH then
    break
  end
  found[#found + 1] = entry[1]
  found[#found + 1] = entry[2][2]
  bytes = bytes + #entry[2][2]
end
return found
