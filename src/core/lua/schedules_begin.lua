-- schedules_begin: somebody publishes everything that a source says. The last one to begin
-- wins: what an earlier one still writes is refused.
-- KEYS  meta
-- ARGV  source, hash of all of it, how many, user, host
-- reply {'OK', now, generation} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
local generation = num(redis.call('HINCRBY', K.meta, 'seq', 1))
redis.call('HSET', K.origin .. ARGV[1], 'gen', generation, 'hash', ARGV[2], 'count', ARGV[3],
  'user', ARGV[4], 'host', ARGV[5], 'at', num(now))
return {'OK', num(now), generation}
