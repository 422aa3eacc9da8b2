-- schedule_pause: a schedule makes no jobs until a time, or until it is resumed; a resume is
-- the end of a pause. Ticks that fall into a pause are skipped, also if nobody is there then.
-- KEYS  meta
-- ARGV  'pause' | 'resume', schedule, user, host, until ('' | '+MS' | '@MS'), reason
-- reply {'OK', now, 'paused' | 'resumed' | 'was running'} | {'GONE'} no such schedule
--       {'FORMAT', stored}

local verb, name, user, host = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then return {'GONE'} end
local paused = state.paused and (not state.until_ms or tonumber(state.until_ms) > now)
if verb == 'resume' and not paused then return {'OK', num(now), 'was running'} end

local key = K.schedule .. name
if verb == 'resume' then
  redis.call('HSET', key, 'until_ms', num(now), 'resumed_by', user, 'resumed_host', host)
  emit('resumed', 'sc', name, 'u', user, 'h', host, 'r', ARGV[6])
else
  -- A pause of what is paused changes its end and its words, not its beginning; one that
  -- changes nothing is no event.
  local ends = instant(ARGV[5])
  local till = ends and num(math.max(now, ends))
  local news = not paused or state.until_ms ~= till or state.paused_by ~= user or state.paused_host ~= host
    or state.paused_why ~= ARGV[6]
  redis.call('HSET', key, 'paused', paused and state.paused or num(now), 'paused_by', user, 'paused_host', host,
    'paused_why', ARGV[6])
  redis.call('HDEL', key, 'until_ms', 'resumed_by', 'resumed_host')
  if till then redis.call('HSET', key, 'until_ms', till) end
  if news then emit('paused', 'sc', name, 'u', user, 'h', host, 'r', ARGV[6]) end
  -- Nobody waits for a success of what is to stand still.
  if state.alarm and not state.incident then
    redis.call('ZREM', K.alarms, name)
    redis.call('HDEL', key, 'alarm')
  end
end
redis.call('PUBLISH', K.turn, name)
return {'OK', num(now), verb == 'resume' and 'resumed' or 'paused'}
