-- bye: a worker that holds nothing leaves the books.
-- KEYS  meta
-- ARGV  worker, nonce
-- reply {'OK'} | {'HOLDS', jobs} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end
if redis.call('HGET', K.worker .. ARGV[1], 'nonce') ~= ARGV[2] then return {'OK'} end
local holds = redis.call('HLEN', K.held .. ARGV[1])
if holds > 0 then return {'HOLDS', holds} end

local host = redis.call('HGET', K.worker .. ARGV[1], 'host')
bury(ARGV[1])
emit('left', 'w', ARGV[1], 'h', host)
return {'OK'}
