-- anchor: the server's clock was set back to before ticks of a schedule that nobody acted on,
-- because it had been ahead and passed over them: the schedule goes on with these. What was
-- acted on while the clock was ahead is not done again when its time comes.
-- KEYS  meta
-- ARGV  schedule, hash, ahead, next, beat
--       hash, ahead: as they were read; next: its first tick to come that was passed over, '' for none
-- reply {'OK', now, 'anchored' | 'stayed'} stayed: nothing of it comes sooner than what is due
--       {'GONE'} no such schedule | {'CHANGED'} it is not what was read
--       {'TAKEN'} somebody acted on it before | {'EARLY', now} the clock is where it was
--       {'FORMAT', stored}

local name, next_due = ARGV[1], ARGV[4]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then
  redis.call('ZREM', K.ahead, name)
  return {'GONE'}
end
if state.hash ~= ARGV[2] then return {'CHANGED'} end
if redis.call('ZSCORE', K.ahead, name) ~= ARGV[3] then return {'TAKEN'} end
if tonumber(ARGV[3]) <= now + AHEAD_MS then return {'EARLY', num(now)} end

local key = K.schedule .. name
redis.call('ZREM', K.ahead, name)
if next_due == '' or (state.due and tonumber(state.due) <= tonumber(next_due)) then return {'OK', num(now), 'stayed'} end
redis.call('HSET', key, 'due', next_due, 'upto', num(math.max(tonumber(state.upto or '0'), tonumber(state.last or '0'))))
redis.call('HDEL', key, 'last', 'done', 'stuck', 'stuck_at')
-- A pause that was ended while the clock was ahead would begin anew with it.
if state.resumed_by then redis.call('HDEL', key, 'paused', 'until_ms') end
redis.call('ZADD', K.due, next_due, name)
-- So would the wait for a success, a reminder or the word that there was one.
if state.incident then
  redis.call('ZADD', K.alarms, num(state.recovered and now or now + REMIND_MS), name)
elseif state.alarm then
  redis.call('HDEL', key, 'alarm')
  redis.call('ZREM', K.alarms, name)
end
emit('clock_back', 'sc', name, 'at', next_due, 'r', 'the clock had been ahead of ticks until ' .. ARGV[3], 'by', ARGV[5])
return {'OK', num(now), 'anchored'}
