-- schedule_remove: a schedule goes; jobs that it made stay.
-- KEYS  meta
-- ARGV  schedule, user, host, why, hash ('' for whatever it is now, else one that is done and was so when it was read)
-- reply {'OK', source} | {'GONE'} no such schedule | {'CHANGED'} | {'FORMAT', stored}

local name = ARGV[1]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then return {'GONE'} end
if ARGV[5] ~= '' and (state.hash ~= ARGV[5] or not state.done) then return {'CHANGED'} end

drop_schedule(name, state)
redis.call('PUBLISH', K.turn, name)
emit('removed', 'sc', name, 'u', ARGV[2], 'h', ARGV[3], 'r', ARGV[4])
return {'OK', state.source}
