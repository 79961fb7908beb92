-- The desk was told of all that the ledger says waits: this Redis has not lost any of it, until the mark is
-- lost with it.
--
-- ARGV  number of the desk's last step; when that one is not there (any more), it was lost meanwhile
if tonumber(redis.call('GET', P .. 'desk:step') or '0') >= tonumber(ARGV[1]) then
  redis.call('SET', P .. 'desk:whole', '1')
  return { 1 }
end
return { 0 }
