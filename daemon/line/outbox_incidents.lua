-- Returns what goes on (outbox_notice.lua).
return redis.call('HKEYS', P .. 'incidents')
