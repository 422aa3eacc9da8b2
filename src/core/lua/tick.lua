-- tick: acts on what is due of a schedule, once: makes the job of its newest tick, or none,
-- counts the ticks that make none, and moves on to the next. Whoever comes second finds
-- another due time, and a job has the same id whoever makes it.
-- KEYS  meta
-- ARGV  schedule, hash, pause, expected, next, tick, skipped, missed, why, alert_after_ms, boot,
--       beat, overlap, then the job as enqueue takes it
--       hash and pause: as they were read; expected: the due time that was read; next: the one
--       after, '' for none; tick: the newest tick that is acted on; skipped, missed: how many
--       up to it make no job, and why; boot: this boot of a host, where that is what ticks;
--       overlap: '' for no job, else 'queue' | 'skip' | 'replace' | 'allow'
-- reply {'OK', now, 'made' | 'waits' | 'exists' | 'skipped' | 'none', why | ''}
--       {'GONE'} no such schedule | {'CHANGED'} it is not what was read
--       {'TAKEN'} somebody acted on it before | {'EARLY', now} it is not due yet
--       {'FULL', queue, 'depth'|'bytes', have, limit, since} nothing moved; asked again later
--       {'FORMAT', stored}

local name, expected, next_due, tick = ARGV[1], ARGV[4], ARGV[5], tonumber(ARGV[6])
local why, boot, overlap = ARGV[9], ARGV[11], ARGV[13]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then
  redis.call('ZREM', K.due, name)
  return {'GONE'}
end
if state.hash ~= ARGV[2] or pause_word(state) ~= ARGV[3] then return {'CHANGED'} end
if (state.due or '') ~= expected or (boot ~= '' and state.boot == boot) then return {'TAKEN'} end
if tick > now then return {'EARLY', num(now)} end
local came, new, earlier = 'none', nil, {}
local skipped, missed = tonumber(ARGV[7]), tonumber(ARGV[8])
if overlap ~= '' then
  new = job_at(13)
  earlier = unfinished(name, state)
  local refusal = overlap_refusal(overlap, earlier)
  if was_acted_on(state, tick) then
    why = 'it was acted on while the clock was ahead'
  elseif known(new.id) then
    came = 'exists'
  elseif refusal then
    came, why, skipped = 'skipped', refusal, skipped + 1
  else
    came = 'made'
    local full_reply = no_room(new, overlap, earlier)
    if full_reply then
      -- Not at the head of the line any more, so that it holds nobody up.
      redis.call('ZADD', K.due, num(now + FULL_WAIT_MS), name)
      local since = state.stuck_at or num(now)
      redis.call('HSET', K.schedule .. name, 'stuck_at', since, 'stuck', full_reply[2])
      full_reply[6] = since
      return full_reply
    end
  end
end

local fields = {'last', num(tick)}
local function put(field, value) fields[#fields + 1] = field; fields[#fields + 1] = value end
local function count(what, ticks)
  if ticks == 0 then return end
  redis.call('HINCRBY', K.schedule .. name, what, ticks)
  redis.call('HINCRBY', K.meta, 'ticks_' .. what, ticks)
end
if came == 'made' and make(name, new, overlap, earlier, by('replaced', 'beat', ARGV[12], '')) then came = 'waits' end
local fired = came ~= 'none' and came ~= 'skipped'
if fired then
  put('job', new.id)
  put('lag', num(now - tick))
end
count('fired', fired and 1 or 0)
count('skipped', skipped)
count('missed', missed)
if why ~= '' then put('why', why) end
local at = num(tick)
if skipped > 0 then emit('skipped', 'sc', name, 'at', at, 'c', num(skipped), 'r', why, 'by', ARGV[12]) end
if missed > 0 then emit('missed', 'sc', name, 'at', at, 'c', num(missed), 'r', why, 'by', ARGV[12]) end
if fired then emit('fired', 'sc', name, 'at', at, 'id', new.id, 'by', ARGV[12]) end
if boot ~= '' then put('boot', boot) end
-- What is passed over is a hole in what was acted on: the clock may be set back to before it.
if expected ~= '' and tonumber(ARGV[7]) + tonumber(ARGV[8]) > 0 then
  local ends = num(overlap ~= '' and tick - 1 or tick)
  put('holes', with_hole(state, ends))
  redis.call('ZADD', K.ahead, ends, name)
end
-- A deadline for a success, unless one runs already or its end has been told.
if ARGV[10] ~= '' and not state.alarm and not state.incident then
  local alarm = num(tick + tonumber(ARGV[10]))
  put('alarm', alarm)
  redis.call('ZADD', K.alarms, alarm, name)
end
if next_due ~= '' then
  put('due', next_due)
  redis.call('ZADD', K.due, next_due, name)
elseif boot == '' then
  redis.call('HDEL', K.schedule .. name, 'due')
  put('done', num(now))
  -- What no file will take away goes by itself after a day.
  if state.source == 'added' then
    redis.call('ZADD', K.due, num(now + DONE_MS), name)
  else
    redis.call('ZREM', K.due, name)
  end
end
redis.call('HDEL', K.schedule .. name, 'stuck', 'stuck_at')
redis.call('HSET', K.schedule .. name, unpack(fields))
return {'OK', num(now), came, why}
