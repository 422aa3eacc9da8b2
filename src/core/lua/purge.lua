-- purge: writes down the chore of cancelling every unfinished job that a queue has now.
-- KEYS  meta
-- ARGV  queue, user, host, why
-- reply {'OK', chore | '', jobs} | {'FORMAT', stored}   no chore where there is nothing to do

if wrong_format then return {'FORMAT', stored_format} end

local jobs = depth(ARGV[1])
if jobs == 0 then return {'OK', '', 0} end

local chore = num(redis.call('HINCRBY', K.meta, 'seq', 1))
redis.call('HSET', K.chore .. chore, 'kind', 'purge', 'queue', ARGV[1], 'before', num(now),
  'user', ARGV[2], 'host', ARGV[3], 'reason', by('purged', ARGV[2], ARGV[3], ARGV[4]).words,
  'step', '1', 'from', '', 'after', '', 'done', '0')
-- While the chore walks, claim starts none of the jobs that it is for.
redis.call('HSET', K.queue .. ARGV[1], 'purge', chore)
redis.call('RPUSH', K.chores, chore)
emit('purge', 'q', ARGV[1], 'c', jobs, 'u', ARGV[2], 'h', ARGV[3], 'r', ARGV[4])
return {'OK', chore, jobs}
