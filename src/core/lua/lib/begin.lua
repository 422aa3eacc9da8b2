-- The beginning of a run.

-- A PENDING job starts: `job` has its token and the instant already.
local function begin(id, job, worker, host)
  job.attempts = num(tonumber(job.attempts or '0') + 1)
  move(id, job.queue, 'PENDING', 'STARTED', job.started)
  -- What an earlier run left behind; a job that never ran has none of it.
  if job.settled or job.losses or job.reason then
    redis.call('HDEL', K.job .. id, 'reason', 'error', 'out_gone', 'percent', 'message')
    redis.call('UNLINK', K.result .. id)
    drop_output(id)
  end
  if job.expires then
    redis.call('HDEL', K.job .. id, 'expires')
    redis.call('ZREM', K.expiry .. job.queue, id)
  end
  redis.call('HSET', K.job .. id, 'token', job.token, 'worker', worker, 'host', host or '',
    'started', job.started, 'attempts', job.attempts)
  redis.call('HSET', K.held .. worker, id, job.token)
  job.worker, job.host = worker, host
end

-- A run that goes on and whose beginning the server forgot, being an older state of itself:
-- it begins in the books too, under the token it has. Only where nobody began another since,
-- whose fence would stand in the record. Says whether it did.
local function adopt(id, token, worker, nonce)
  local fence, whose = string.match(token, '^(%d+)-(.*)$')
  local job = whose == nonce and load(id)
  if not job or not (job.state == 'PENDING' or job.state == 'RETRY' or job.state == 'SCHEDULED') then return false end
  local newest = redis.call('LINDEX', K.tries .. id, -1)
  if newest and tonumber(string.match(newest, '"fence":"(%d+)"')) >= tonumber(fence) then return false end
  if job.state ~= 'PENDING' then to_pending(id, job, job.state) end
  job.token, job.started = token, num(now)
  begin(id, job, worker, redis.call('HGET', K.worker .. worker, 'host'))
  keep_issued('fence', tonumber(fence))
  mended('ran on, and the server had forgotten its start', id, job.queue)
  return true
end
