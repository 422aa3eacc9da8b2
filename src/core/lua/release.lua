-- release: a worker gives a job back unharmed. No attempt is used up.
-- KEYS  meta
-- ARGV  id, token, why, reason
--       why: 'stop' (the worker ends) and 'starved' (the machine could not start a process)
--       put it back in its old place; 'refused' (it cannot run here) holds it 1 s, doubling
--       to 60 s, and ends it as FAILURE/rejected after a day of that
-- reply {'OK', state} | {'AGAIN', state} | {'LOST', state} | {'GONE'} | {'FORMAT', stored}, as finish

local id, why = ARGV[1], ARGV[3]
local DAY_MS = 86400000

if wrong_format then return {'FORMAT', stored_format} end
local job = load(id)
local refusal = settle_refusal(job, ARGV[2])
if refusal then return refusal end

end_attempt(id, job, why == 'refused' and 'rejected' or 'released', '', '')
redis.call('HINCRBY', K.job .. id, 'attempts', -1)
redis.call('HINCRBY', K.job .. id, 'releases', 1)
tally('released', job, '-')
if ARGV[4] ~= '' then redis.call('HSET', K.job .. id, 'reason', ARGV[4]) end
if job.cancel then
  to_final(id, job, 'REVOKED', 'cancelled', '', 'r', job.reason)
elseif why == 'refused' then
  local first = tonumber(job.refused or num(now))
  local times = tonumber(job.refusals or '0') + 1
  redis.call('HSET', K.job .. id, 'refused', num(first), 'refusals', num(times))
  if now - first >= DAY_MS then
    to_final(id, job, 'FAILURE', 'rejected', '', 'r', ARGV[4])
    after(id, job, 'FAILURE', 'rejected', '')
  else
    local due = now + math.min(60000, 1000 * 2 ^ math.min(times - 1, 6))
    to_wait(id, job, 'STARTED', 'SCHEDULED', due)
    tell_run('refused', id, job, 'due', num(due), 'r', ARGV[4])
  end
elseif why == 'starved' then
  to_wait(id, job, 'STARTED', 'SCHEDULED', now + 1000)
  tell_run('released', id, job, 'due', num(now + 1000), 'r', ARGV[4])
else
  to_pending(id, job, 'STARTED')
  ring(job.queue)
  tell_run('released', id, job, 'r', ARGV[4])
end
return {'OK', redis.call('HGET', K.job .. id, 'state')}
