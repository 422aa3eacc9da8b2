-- alarm: tells that a schedule had no success in time, reminds of it at growing distances, or
-- tells that there was one again: one hook job each, once.
-- KEYS  meta
-- ARGV  schedule, hash, 'alert' | 'reminder' | 'recovery', expected, cause (JSON), then the hook's job as
--       enqueue takes it
--       expected: the time of the alarm that was read
-- reply {'OK', now} | {'GONE'} no such schedule | {'CHANGED'} | {'TAKEN'} | {'EARLY', now} | {'FORMAT', stored}

local name, event = ARGV[1], ARGV[3]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then
  redis.call('ZREM', K.alarms, name)
  return {'GONE'}
end
if state.hash ~= ARGV[2] then return {'CHANGED'} end
if redis.call('ZSCORE', K.alarms, name) ~= ARGV[4] then return {'TAKEN'} end
if tonumber(ARGV[4]) > now then return {'EARLY', num(now)} end
local awaited = not state.incident and 'alert' or state.recovered and 'recovery' or 'reminder'
if event ~= awaited then return {'CHANGED'} end
local new = job_at(5)

local key = K.schedule .. name
redis.call('HDEL', key, 'alarm')
if event == 'recovery' then
  redis.call('HDEL', key, 'incident', 'recovered', 'distance')
  redis.call('ZREM', K.alarms, name)
  emit('recovery', 'sc', name, 'id', state.job)
else
  local distance = state.distance and 2 * tonumber(state.distance) or REMIND_MS
  redis.call('HSET', key, 'incident', state.incident or num(now), 'distance', num(distance))
  redis.call('ZADD', K.alarms, num(now + distance), name)
  if event == 'alert' then
    emit('alert', 'sc', name, 'id', state.job, 'r', 'no success in time')
  else
    emit('reminder', 'sc', name, 'id', state.job)
  end
end
if not known(new.id) then
  new.cause = ARGV[5]
  accept(new, '', '')
  grow(new.queue, 1, new.bytes, {[new.task] = 1})
end
return {'OK', num(now)}
