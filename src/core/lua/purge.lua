-- purge: writes down the chore of cancelling every unfinished job that a queue has now.
-- KEYS  meta
-- ARGV  queue, reason
-- reply {'OK', chore, jobs} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local jobs = depth(ARGV[1])
local chore = num(redis.call('HINCRBY', K.meta, 'seq', 1))
redis.call('HSET', K.chore .. chore, 'kind', 'purge', 'queue', ARGV[1], 'before', num(now), 'reason', ARGV[2],
  'step', '1', 'from', '', 'skip', '0', 'done', '0')
redis.call('RPUSH', K.chores, chore)
return {'OK', chore, jobs}
