-- What came of an attempt. Saying it twice changes nothing.
--
-- ARGV  now (ms), id, outcome (sent, retry, dead, gone), next try (ms; retry, and what is left of
--       sent), why, the attempt as JSON, suspect of a trial or "", 1 when this one is to be suspected,
--       recipients left ("": none), 1 when the receiver itself did not answer
--       well, mark of the receiver's configuration, when the receiver wants to hear again ("": it
--       does not say; ms), then the receivers to tell that this one is gone
-- Returns 1 when it was news
local now, id, outcome, next_at, why = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local d = delivery(id)
local f = redis.call('HMGET', d, 'state', 'receiver', 'attempts')
if f[1] ~= 'sending' then
  return 0
end
local receiver = f[2]
local r = P .. 'receiver:' .. receiver
local parked = sorted('parked', receiver)
redis.call('HSET', d, 'a:' .. f[3], ARGV[6])
if outcome == 'sent' then
  redis.call('DEL', r)
  settle(id, receiver, 'sent', why, now)
  if ARGV[9] ~= '' then
    -- Some recipients of a mail are left; they hold up nobody.
    redis.call('ZREM', P .. 'sent', id)
    redis.call('HSET', d, 'state', 'parked', 'only', ARGV[9], 'next', next_at)
    redis.call('ZADD', parked, next_at, id)
  end
  if ARGV[7] ~= '' then
    -- The receiver takes others: the suspect goes on beside the queue, at its own times.
    local suspect = delivery(ARGV[7])
    local at = redis.call('HGET', suspect, 'next') or next_at
    if redis.call('ZREM', sorted('queue', receiver), ARGV[7]) == 1 then
      redis.call('HSET', suspect, 'state', 'parked')
      redis.call('ZADD', parked, at, ARGV[7])
    end
  end
elseif outcome == 'retry' then
  redis.call('HSET', d, 'why', why, 'next', next_at)
  if redis.call('ZSCORE', parked, id) then
    redis.call('HSET', d, 'state', 'parked')
    redis.call('ZADD', parked, next_at, id)
  else
    redis.call('HSET', d, 'state', 'waiting')
    redis.call('HINCRBY', r, 'failures', 1)
    redis.call('HSET', r, 'next', next_at, 'why', why)
    if ARGV[8] == '1' then
      redis.call('HSET', d, 'suspect', 1)
    end
  end
elseif outcome == 'dead' then
  local was_parked = redis.call('ZSCORE', parked, id)
  local only = redis.call('HGET', d, 'only')
  settle(id, receiver, 'dead', why, now)
  if only then
    -- The others were told: that stands in the ledger already.
    redis.call('ZREM', P .. 'ledger', id)
  end
  if ARGV[10] ~= '1' and not was_parked then
    redis.call('DEL', r)
  end
else
  redis.call('HSET', d, 'state', 'waiting', 'why', why)
  if redis.call('HGET', r, 'state') ~= 'gone' then
    for i = 13, #ARGV do
      local notice = make_id(ARGV[i], 'stopped', receiver, now)
      create(notice, ARGV[i], 'stopped=' .. receiver, '', now)
      redis.call('HSET', delivery(notice), 'notice', why)
    end
  end
  redis.call('HSET', r, 'state', 'gone', 'why', why, 'at', now, 'mark', ARGV[11])
end
if ARGV[12] ~= '' and (outcome == 'retry' or outcome == 'dead') then
  -- It asked for silence: that holds for all it is to get, not for this one alone.
  local next_now = redis.call('HGET', r, 'next')
  if not next_now or tonumber(next_now) < tonumber(ARGV[12]) then
    redis.call('HSET', r, 'next', ARGV[12])
  end
end
return 1
