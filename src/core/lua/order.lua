-- order: asks a worker to take no more jobs, to take jobs again, or to end. It hears of it with
-- its next sign of life, whenever that is.
-- KEYS  meta
-- ARGV  worker, word ('quiet' | 'run' | 'stop' | 'stop_now'), user, host, why
-- reply {'OK', now, mode, seen} as its newest sign of life had it | {'UNKNOWN'} | {'FORMAT', stored}

local worker, word = ARGV[1], ARGV[2]
local KINDS = {quiet = 'quiet', run = 'unquiet', stop = 'stop', stop_now = 'stop'}

if wrong_format then return {'FORMAT', stored_format} end
local facts = redis.call('HMGET', K.worker .. worker, 'nonce', 'mode', 'seen', 'order', 'host')
if not facts[1] then return {'UNKNOWN'} end

-- No job has such an id. It stays in the mail, since mail is all that a worker must read.
redis.call('HSET', K.mail .. worker, '@', word)
redis.call('HSET', K.worker .. worker, 'order', word, 'order_by', ARGV[3], 'order_on', ARGV[4], 'order_why', ARGV[5])
redis.call('PUBLISH', K.note .. worker, '@')
if facts[4] ~= word then
  emit(KINDS[word], 'w', worker, 'u', ARGV[3], 'h', ARGV[4], 'r', ARGV[5], 's', word == 'stop_now' and 'now')
end
return {'OK', num(now), facts[2] or '', facts[3] or ''}
