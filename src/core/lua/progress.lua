-- progress: what a running attempt says about how far it is.
-- KEYS  meta
-- ARGV  id, token, percent ('' or a number), message
-- reply {'OK'} | {'LOST'} | {'FORMAT', stored}

local id = ARGV[1]

if wrong_format then return {'FORMAT', stored_format} end
local facts = redis.call('HMGET', K.job .. id, 'state', 'token')
if facts[1] ~= 'STARTED' or facts[2] ~= ARGV[2] then return {'LOST'} end

redis.call('HSET', K.job .. id, 'percent', ARGV[3], 'message', ARGV[4])
redis.call('PUBLISH', K.news .. id, 'p')
return {'OK'}
