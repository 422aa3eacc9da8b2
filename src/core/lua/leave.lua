-- leave: a beat that ends leaves the books, and its lead to whoever asks next.
-- KEYS  meta
-- ARGV  beat
-- reply {'OK'} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

redis.call('ZREM', K.beats, ARGV[1])
redis.call('UNLINK', K.beat .. ARGV[1])
if redis.call('HGET', K.meta, 'leader') == ARGV[1] then redis.call('HDEL', K.meta, 'leader', 'leader_at') end
return {'OK'}
