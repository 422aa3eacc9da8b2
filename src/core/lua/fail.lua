-- fail: the attempt did not succeed. What that means was decided by the worker from the
-- job's policy (core/retry.rs); a cancel that was recorded meanwhile goes before it.
-- KEYS  meta
-- ARGV  id, token, outcome, detail, verdict, delay_ms, error, tail, result ('' or JSON)
--       verdict: 'retry' | 'snooze' | 'failure' | 'revoke' | 'lost'
-- reply {'OK', state} | {'AGAIN', state} | {'LOST', state} | {'GONE'} | {'FORMAT', stored}, as finish

local id, outcome, detail, verdict = ARGV[1], ARGV[3], ARGV[4], ARGV[5]

if wrong_format then return {'FORMAT', stored_format} end
local job = load(id)
local refusal = settle_refusal(job, ARGV[2])
if refusal then return refusal end

if verdict == 'lost' then
  lose(id, job, outcome, true)
  return {'OK', redis.call('HGET', K.job .. id, 'state')}
end
end_attempt(id, job, outcome, detail, ARGV[8])
keep_result(id, ARGV[9])
if ARGV[7] ~= '' then redis.call('HSET', K.job .. id, 'error', ARGV[7]) end
-- Who was to stop and go back to the queue has no time to wait.
local due = job.requeue and now or now + tonumber(ARGV[6])
if job.cancel or verdict == 'revoke' then
  to_final(id, job, 'REVOKED', 'cancelled', detail, 'r', job.reason or ARGV[7])
elseif verdict == 'snooze' then
  -- A snooze uses up no attempt: the next run has the same number.
  redis.call('HINCRBY', K.job .. id, 'snoozes', 1)
  redis.call('HINCRBY', K.job .. id, 'attempts', -1)
  redis.call('HDEL', K.job .. id, 'seq')
  tally('snoozed', job, '-')
  to_wait(id, job, 'STARTED', 'SCHEDULED', due)
  tell_run('snoozed', id, job, 'o', outcome, 'd', detail, 'due', num(due))
elseif verdict == 'retry' then
  redis.call('HINCRBY', K.job .. id, 'failures', 1)
  tally('retried', job, took(job))
  to_wait(id, job, 'STARTED', 'RETRY', due)
  ring(job.queue)
  tell_run('retry', id, job, 'o', outcome, 'd', detail, 'due', num(due), 'r', ARGV[7])
  after(id, job, 'RETRY', outcome, detail)
else
  redis.call('HINCRBY', K.job .. id, 'failures', 1)
  ran_ms = took(job)
  to_final(id, job, 'FAILURE', outcome, detail, 'r', ARGV[7])
  after(id, job, 'FAILURE', outcome, detail)
end
return {'OK', redis.call('HGET', K.job .. id, 'state')}
