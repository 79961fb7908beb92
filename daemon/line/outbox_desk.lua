-- Returns {number of the desk's last step, {key and bytes of each of its records}}
return { redis.call('GET', P .. 'desk:step') or '0', redis.call('HGETALL', P .. 'desk') }
