-- schedule_put: writes schedules down. Only a change of its times gives a schedule another due
-- time, so ticks that nobody acted on yet are still there after a restart or a new policy.
-- KEYS  meta
-- ARGV  source, generation (of schedules_begin, '' for a schedule by itself), user, host, then for each (at
--       most 50): name, hash, times, definition, alerts, boot_host, boot, seen, due
--       times: a word for when it ticks; alerts: '1' where it has a deadline for successes;
--       boot_host, boot: the host whose boots tick, and its present one; seen: the due time that
--       was read before `due` was worked out, '' for none
-- reply {'OK', now, {'new'|'changed'|'same'|'moved'|'owned', source}…}
--         moved: its due time is not the one that was seen, ask again; owned: it belongs to
--         another source and stays as it is
--       {'STALE'} somebody else published meanwhile | {'FORMAT', stored}

local WIDTH = 9
local source, generation = ARGV[1], ARGV[2]

if wrong_format then return {'FORMAT', stored_format} end
if generation ~= '' and redis.call('HGET', K.origin .. source, 'gen') ~= generation then return {'STALE'} end

local function write(name, state, base)
  local function given(place) return ARGV[base + place] end
  local key = K.schedule .. name
  redis.call('SET', K.plan .. name, given(4))
  redis.call('HSET', key, 'hash', given(2), 'times', given(3), 'source', source, 'changed', num(now))
  if state and state.boot_host and state.boot_host ~= given(6) then
    redis.call('ZREM', K.boots .. state.boot_host, name)
    redis.call('HDEL', key, 'boot_host', 'boot')
  end
  if given(6) ~= '' then
    redis.call('ZADD', K.boots .. given(6), 0, name)
    redis.call('HSET', key, 'boot_host', given(6))
    -- A boot that came before the schedule did is none of its ticks.
    if not (state and state.boot) then redis.call('HSET', key, 'boot', given(7)) end
  end
  if given(5) == '' then
    redis.call('ZREM', K.alarms, name)
    redis.call('HDEL', key, 'alarm', 'incident', 'recovered', 'distance')
  end
  if state and state.times == given(3) then return end
  redis.call('HDEL', key, 'done', 'stuck', 'stuck_at')
  if given(9) == '' then
    redis.call('HDEL', key, 'due')
    redis.call('ZREM', K.due, name)
    if given(6) == '' then redis.call('HSET', key, 'done', num(now)) end
  else
    redis.call('HSET', key, 'due', given(9))
    redis.call('ZADD', K.due, given(9), name)
  end
end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
local reply, changed = {'OK', num(now)}, false
for base = 4, #ARGV - WIDTH, WIDTH do
  local name, hash, times = ARGV[base + 1], ARGV[base + 2], ARGV[base + 3]
  local state = load_schedule(name)
  local came = state and 'changed' or 'new'
  if state and state.source ~= source then
    came = 'owned'
  elseif state and state.hash == hash and redis.call('EXISTS', K.plan .. name) == 1 then
    came = 'same'
  elseif state and state.times ~= times and (state.due or '') ~= ARGV[base + 8] then
    came = 'moved'
  else
    write(name, state, base)
    redis.call('ZADD', K.schedules, 0, name)
    if state then
      emit('changed', 'sc', name, 'u', ARGV[3], 'h', ARGV[4], 'r', source)
    else
      emit('added', 'sc', name, 'u', ARGV[3], 'h', ARGV[4], 'r', source)
    end
    changed = true
  end
  if came ~= 'owned' then redis.call('ZADD', K.source .. source, generation == '' and '0' or generation, name) end
  reply[#reply + 1] = {came, state and state.source or source}
end
if changed then redis.call('PUBLISH', K.turn, source) end
return reply
