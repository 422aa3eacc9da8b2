-- requeue: jobs go back to where they may run now. A run is stopped, and uses up no attempt.
-- KEYS  meta
-- ARGV  user, host, why, states ('' for any, else joined by commas), ids… (at most 100)
-- reply {'OK', now, {id, 'requeued'|'stopping'|'waits'|'blocked'|'cancelling'|'finished'|'other'|'unknown', state}…}
--         requeued: it need not wait any longer; stopping: its worker is told; waits: it could
--         run already; other: it is not in one of the states any more
--       {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local who = by('requeued', ARGV[1], ARGV[2], ARGV[3])

local function stop_run(id, job)
  if job.cancel then return 'cancelling' end
  if job.requeue then return 'stopping' end
  redis.call('HSET', K.job .. id, 'requeue', '1', 'reason', who.words)
  redis.call('HSET', K.mail .. job.worker, id, 'requeue')
  redis.call('PUBLISH', K.note .. job.worker, id)
  tell('requeueing', id, job, 'w', job.worker, 'u', who.user, 'h', who.host, 'r', who.words)
  return 'stopping'
end

local function wake(id, job)
  redis.call('HSET', K.job .. id, 'reason', who.words)
  -- From now on it waits for a worker, and no longer for its time.
  job.due = num(now)
  to_pending(id, job, job.state)
  ring(job.queue)
  tell('requeued', id, job, 'u', who.user, 'h', who.host, 'r', who.words)
  return 'requeued'
end

local reply = {'OK', num(now)}
for i = 5, #ARGV do
  local id = ARGV[i]
  local job = catch_up(id, load(id))
  local came
  if not job then
    came = 'unknown'
  elseif not is_among(shown_state(job), ARGV[4]) then
    came = 'other'
  elseif FINAL[job.state] then
    came = 'finished'
  elseif job.state == 'STARTED' then
    came = stop_run(id, job)
  elseif job.state == 'SCHEDULED' or job.state == 'RETRY' then
    came = wake(id, job)
  else
    came = job.state == 'BLOCKED' and 'blocked' or 'waits'
  end
  reply[#reply + 1] = {id, came, job and job.state or ''}
end
return reply
