-- limit: sets or clears limits of a queue.
-- KEYS  meta
-- ARGV  queue, then pairs of setting and value, '' to clear. Settings: max_depth, max_bytes,
--       max_running, rate with rate_ms; file_… for those that a worker's file says
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
