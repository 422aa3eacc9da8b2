-- limit: sets or clears limits of a queue.
-- KEYS  meta
-- ARGV  queue, then pairs of setting (max_depth, max_bytes) and value, '' to clear
-- reply {'OK'} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
redis.call('ZADD', K.queues, 0, ARGV[1])
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', K.queue .. ARGV[1], ARGV[i])
  else
    redis.call('HSET', K.queue .. ARGV[1], ARGV[i], ARGV[i + 1])
  end
end
return {'OK'}
