-- keep: about how many events are kept. Where there are more, the oldest go, a slice with each
-- event that comes.
-- KEYS  meta
-- ARGV  most ('' as without a setting), user, host, why
-- reply {'OK'} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end
if ARGV[1] == (stored_meta[2] or '') then return {'OK'} end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
-- Written while events are still kept, or only now.
local said = {'s', 'events=' .. (ARGV[1] == '' and MAX_EVENTS or ARGV[1]), 'u', ARGV[2], 'h', ARGV[3], 'r', ARGV[4]}
if ARGV[1] == '' then
  redis.call('HDEL', K.meta, 'events')
else
  redis.call('HSET', K.meta, 'events', ARGV[1])
end
stored_meta[2] = ARGV[1] ~= '' and ARGV[1]
if ARGV[1] == '0' then redis.call('UNLINK', K.events) end
emit('limited', unpack(said))
return {'OK'}
