-- trigger: makes a job of a schedule now. It uses up no tick and asks for no pause, but an
-- earlier job that has not ended counts as it does for a tick.
-- KEYS  meta
-- ARGV  schedule, hash, user, host, overlap ('queue' | 'skip' | 'replace' | 'allow'), then the job as enqueue takes it
--       hash: as it was read
-- reply {'OK', 'made' | 'waits' | 'exists' | 'skipped', why | ''}
--       {'GONE'} no such schedule | {'CHANGED'} it is not what was read
--       {'FULL', queue, 'depth'|'bytes', have, limit} | {'FORMAT', stored}

local name, overlap = ARGV[1], ARGV[5]

if wrong_format then return {'FORMAT', stored_format} end
local state = load_schedule(name)
if not state then return {'GONE'} end
if state.hash ~= ARGV[2] then return {'CHANGED'} end
local new = job_at(5)
if known(new.id) then return {'OK', 'exists', ''} end
local earlier = unfinished(name, state)
local refusal = overlap_refusal(overlap, earlier)
if refusal then return {'OK', 'skipped', refusal} end
local full_reply = no_room(new, overlap, earlier)
if full_reply then return full_reply end

local waits = make(name, new, overlap, earlier, by('replaced', ARGV[3], ARGV[4], ''), ARGV[3], ARGV[4])
redis.call('HSET', K.schedule .. name, 'job', new.id)
emit('triggered', 'sc', name, 'id', new.id, 'u', ARGV[3], 'h', ARGV[4])
return {'OK', waits and 'waits' or 'made', ''}
