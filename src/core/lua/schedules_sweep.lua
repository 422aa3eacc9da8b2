-- schedules_sweep: the schedules that a source does not mention any more go, a hundred a call.
-- KEYS  meta
-- ARGV  source, generation (of schedules_begin)
-- reply {'OK', removed, left} | {'STALE'} somebody else published meanwhile | {'FORMAT', stored}

local source, generation = ARGV[1], ARGV[2]

if wrong_format then return {'FORMAT', stored_format} end
if redis.call('HGET', K.origin .. source, 'gen') ~= generation then return {'STALE'} end

local older = '(' .. generation
local gone = redis.call('ZRANGE', K.source .. source, '-inf', older, 'BYSCORE', 'LIMIT', 0, 100)
for _, name in ipairs(gone) do
  local state = load_schedule(name)
  if state and state.source == source then
    drop_schedule(name, state)
    emit('removed', 'sc', name, 'r', 'its source ' .. source .. ' does not mention it')
  else
    redis.call('ZREM', K.source .. source, name)
  end
end
if #gone > 0 then redis.call('PUBLISH', K.turn, source) end
return {'OK', #gone, redis.call('ZCOUNT', K.source .. source, '-inf', older)}
