-- limit: sets or clears limits of a queue.
-- KEYS  meta
-- ARGV  queue, user, host, why, then pairs of setting and value, 'none' for no limit whatever the
--       file says, '' to clear. Settings: max_depth, max_bytes,
--       max_running, rate with rate_ms; file_… for those that a worker's file says
-- reply {'OK'} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
redis.call('ZADD', K.queues, 0, ARGV[1])
local changed = {}
for i = 5, #ARGV, 2 do
  local setting, value = ARGV[i], ARGV[i + 1]
  if value ~= (redis.call('HGET', K.queue .. ARGV[1], setting) or '') then
    changed[#changed + 1] = setting .. '=' .. (value == '' and 'none' or value)
    if value == '' then
      redis.call('HDEL', K.queue .. ARGV[1], setting)
    else
      redis.call('HSET', K.queue .. ARGV[1], setting, value)
    end
  end
end
if #changed > 0 then
  emit('limited', 'q', ARGV[1], 's', table.concat(changed, ' '), 'u', ARGV[2], 'h', ARGV[3], 'r', ARGV[4])
end
return {'OK'}
