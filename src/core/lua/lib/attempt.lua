-- The end of an attempt. The caller has checked that `job` is STARTED with its token.

-- Writes the attempt down, gives the lease back and remembers the token, so that the same
-- settle sent again is recognised. `tail` is '' or JSON made by the worker.
local function end_attempt(id, job, outcome, detail, tail)
  local fence = string.match(job.token, '^(%d+)-')
  local entry = string.format(
    '{"attempt":%s,"fence":"%s","worker":"%s","host":"%s","started":%s,"ended":%s,"outcome":"%s","detail":%s%s}',
    job.attempts, fence, job.worker, job.host or '', job.started, num(now), outcome,
    detail == '' and 'null' or detail, tail == '' and '' or ',"tail":' .. tail)
  redis.call('RPUSH', K.tries .. id, entry)
  redis.call('LTRIM', K.tries .. id, -KEEP_ATTEMPTS, -1)
  redis.call('HDEL', K.held .. job.worker, id)
  redis.call('HDEL', K.mail .. job.worker, id)
  -- Refusals count in a row: release.lua writes them again.
  redis.call('HDEL', K.job .. id, 'token', 'cut', 'refused', 'refusals', 'requeue')
  redis.call('HSET', K.job .. id, 'settled', job.token, 'outcome', outcome, 'detail', detail)
  -- Where only so many may run at once, another may now.
  local bound = redis.call('HMGET', K.queue .. job.queue, 'max_running', 'file_max_running')
  if bound[1] or bound[2] then ring(job.queue) end
end

-- How long the attempt ran.
local function took(job)
  return num(math.max(0, now - tonumber(job.started)))
end

-- A failed attempt may leave a result too: what it had done when its time was up.
local function keep_result(id, result)
  if result ~= '' then redis.call('SET', K.result .. id, result) end
end

-- Answers whether `token` may settle the job now: nil when it may, else the reply to give.
local function settle_refusal(job, token)
  if not job then return {'GONE'} end
  if job.state == 'STARTED' and job.token == token then return nil end
  if job.settled == token then return {'AGAIN', job.state} end
  return {'LOST', job.state}
end

-- The run was cut: back to its old place in the queue, unless it was blamed too often, must
-- not run again, or was cancelled.
local function lose(id, job, outcome, is_blamed)
  end_attempt(id, job, outcome, '', '')
  -- Whoever starts it next on the same host first looks for what may be left of this run.
  redis.call('HSET', K.job .. id, 'cut', job.host or '')
  local losses = redis.call('HINCRBY', K.job .. id, 'losses', 1)
  local blame = tonumber(job.blame or '0')
  if is_blamed then blame = redis.call('HINCRBY', K.job .. id, 'blame', 1) end
  tally('lost', job, '-')
  if job.cancel then
    to_final(id, job, 'REVOKED', outcome, '', 'r', job.reason)
  elseif job.onlost == 'fail' then
    local why = 'its run was cut and it must not run again'
    redis.call('HSET', K.job .. id, 'reason', why)
    to_final(id, job, 'FAILURE', outcome, '', 'r', why)
    after(id, job, 'FAILURE', outcome, '')
  elseif blame >= MAX_LOSSES then
    local why = 'its run was cut ' .. num(losses) .. ' times'
    redis.call('HSET', K.job .. id, 'reason', why)
    to_final(id, job, 'FAILURE', outcome, '', 'r', why)
    after(id, job, 'FAILURE', outcome, '')
  else
    to_pending(id, job, 'STARTED')
    ring(job.queue)
    tell_run('lost', id, job, 'o', outcome)
  end
end

-- Loses up to a hundred jobs of a worker whose lease is at most `stood_ms`; says how many. Of
-- jobs that were cut together those are to blame that were blamed most often before: one of
-- them may kill its worker again and again, and the others happened to run beside it.
local function lose_held(worker, default_lease_ms, stood_ms, outcome)
  -- Any hundred, so that jobs with a longer lease of their own never hide the others.
  local page = redis.call('HRANDFIELD', K.held .. worker, 100, 'WITHVALUES')
  local cut, most = {}, 0
  for i = 1, #page, 2 do
    local id, token = page[i], page[i + 1]
    local job = load(id)
    if not job or job.state ~= 'STARTED' or job.token ~= token then
      -- A record that a restored or damaged server left behind.
      redis.call('HDEL', K.held .. worker, id)
      redis.call('HDEL', K.mail .. worker, id)
    elseif tonumber(job.lease or default_lease_ms) <= stood_ms then
      cut[#cut + 1] = {id = id, job = job, blame = tonumber(job.blame or '0')}
      most = math.max(most, cut[#cut].blame)
    end
  end
  for _, one in ipairs(cut) do
    lose(one.id, one.job, outcome, one.blame == most)
    -- The holder did not settle this: what it still sends is answered with LOST, not AGAIN.
    redis.call('HDEL', K.job .. one.id, 'settled')
  end
  return #cut
end

-- Takes a worker without jobs out of the books.
local function bury(worker)
  local queues = redis.call('HGET', K.worker .. worker, 'queues') or ''
  for queue in string.gmatch(queues, '[^ ]+') do redis.call('ZREM', K.serves .. queue, worker) end
  -- Served by its claims, and not among the queues that it was told to serve.
  for _, queue in ipairs({HOOK_QUEUE, COMMAND_HOOK_QUEUE}) do redis.call('ZREM', K.serves .. queue, worker) end
  redis.call('ZREM', K.workers, worker)
  redis.call('UNLINK', K.worker .. worker, K.held .. worker, K.mail .. worker)
end
