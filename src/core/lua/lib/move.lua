-- Moves between states. An id stands in exactly one index; only these functions touch them.

local function move(id, queue, from, to, score)
  redis.call('ZREM', index(from, queue), id)
  redis.call('ZADD', index(to, queue), score, id)
  redis.call('HSET', K.job .. id, 'state', to)
end

-- Into the ready order: by priority, then by the sequence number given when a job first
-- becomes eligible. A release or takeover keeps the number, a retry gets a new one.
local function ready_place(job, seq)
  return num((100 - tonumber(job.prio or '0')) * SEQ_SPAN + tonumber(seq))
end

local function to_pending(id, job, from)
  local seq = job.seq or num(redis.call('HINCRBY', K.meta, 'seq', 1))
  move(id, job.queue, from, 'PENDING', ready_place(job, seq))
  redis.call('HSET', K.job .. id, 'seq', seq, 'ready', job.due or num(now))
  redis.call('HDEL', K.job .. id, 'due')
end

-- Out of the order until `due`. SCHEDULED keeps a sequence number the job already has.
local function to_wait(id, job, from, to, due)
  move(id, job.queue, from, to, num(due))
  redis.call('HSET', K.job .. id, 'due', num(due))
  if to == 'RETRY' then redis.call('HDEL', K.job .. id, 'seq') end
end

local function ring(queue)
  redis.call('PUBLISH', K.bell .. queue, '1')
end

local function drop_output(id)
  local bytes = redis.call('HGET', K.out .. id, 'bytes')
  if not bytes then return end
  -- Not -tonumber(bytes): that writes a zero as '-0', which is no number to HINCRBY.
  redis.call('HINCRBY', K.meta, 'out_bytes', 0 - tonumber(bytes))
  redis.call('HDEL', K.mend, 'out')
  redis.call('UNLINK', K.out .. id)
  redis.call('ZREM', K.outputs, id)
end

-- The input of a finished job is kept for a retry, which a success hardly needs.
local function keep_input(id, state)
  if state == 'SUCCESS' then
    redis.call('UNLINK', K.stdin .. id)
    return
  end
  local bytes = redis.call('STRLEN', K.stdin .. id)
  if bytes == 0 then return end
  redis.call('HINCRBY', K.meta, 'in_bytes', bytes)
  redis.call('ZADD', K.inputs, num(now), id)
end

-- The kept input is a waiting job's again, or goes.
local function release_input(id)
  if redis.call('ZREM', K.inputs, id) == 0 then return end
  redis.call('HINCRBY', K.meta, 'in_bytes', 0 - redis.call('STRLEN', K.stdin .. id))
end

local function drop_input(id)
  release_input(id)
  redis.call('UNLINK', K.stdin .. id)
end

-- Removes every trace of a finished job; its id stays known for a day after it was enqueued.
-- The rest goes into the event: who, and why.
local function forget(id, job, ...)
  drop_output(id)
  drop_input(id)
  redis.call('ZREM', index(job.state, job.queue), id)
  redis.call('ZREM', K.retain, id)
  redis.call('UNLINK', K.job .. id, K.spec .. id, K.tries .. id, K.result .. id)
  for label in labels_in(job.labels or '') do redis.call('ZREM', K.label .. label, id) end
  local known_until = tonumber(job.enq) + TOMB_MS
  if known_until > now then redis.call('ZADD', K.tombs, num(known_until), id) end
  tell('deleted', id, job, ...)
end

-- At most MAX_FINISHED finished jobs a queue: the oldest go, two for each that comes, so
-- that a lowered limit is reached and no call does much.
local function trim_finished(queue)
  -- All finished jobs of the namespace stand there: mostly one look is enough.
  if redis.call('ZCARD', K.retain) <= MAX_FINISHED then return end
  local states = {'SUCCESS', 'FAILURE', 'REVOKED', 'EXPIRED'}
  local total = 0
  for _, state in ipairs(states) do total = total + redis.call('ZCARD', index(state, queue)) end
  for _ = 1, 2 do
    if total <= MAX_FINISHED then return end
    local oldest, oldest_at, its_state
    for _, state in ipairs(states) do
      local head = redis.call('ZRANGE', index(state, queue), 0, 0, 'WITHSCORES')
      if head[1] and (not oldest_at or tonumber(head[2]) < oldest_at) then
        oldest, oldest_at, its_state = head[1], tonumber(head[2]), state
      end
    end
    local job = load(oldest)
    if job then
      forget(oldest, job, 'r', 'the queue keeps too many')
    else
      -- A damaged server lost the record: the entry alone must not block all that follow.
      redis.call('ZREM', index(its_state, queue), oldest)
    end
    total = total - 1
  end
end

-- An unfinished job that one of a chain was made to wait for, though a damaged server may have
-- lost its place: each record says its own, and which job it was put behind.
local function lost_before(job)
  local id = job.behind
  for _ = 1, WAITING_MAX do
    local before = id and redis.call('HMGET', K.job .. id, 'state', 'place', 'behind')
    if not (before and before[1] and before[2]) then return nil end
    -- One that was run again since stands behind those that waited for it.
    if not FINAL[before[1]] then return tonumber(before[2]) < tonumber(job.place) and id, before[2] end
    id = before[3]
  end
end

-- The first of a chain may run; whoever waits in it waits for that one.
local function release_first(chain)
  for _ = 1, 10 do
    local first = redis.call('ZRANGE', chain, 0, 0)[1]
    if not first then return end
    local job = load(first)
    local lost, place
    if job and job.state == 'BLOCKED' then lost, place = lost_before(job) end
    if lost then
      redis.call('ZADD', chain, place, lost)
    elseif job and job.state == 'BLOCKED' then
      to_pending(first, job, 'BLOCKED')
      ring(job.queue)
      tell('unblocked', first, job)
    end
    if not lost then
      if job and not FINAL[job.state] then return end
      -- A damaged server lost its record.
      redis.call('ZREM', chain, first)
    end
  end
end

-- A job that a schedule made has ended: the next of its chain may run, and the schedule's
-- book says how it went.
local function leave_chain(id, job, state, outcome, detail)
  local chain, book = K.chain .. job.sched, K.schedule .. job.sched
  redis.call('ZREM', chain, id)
  release_first(chain)
  local known = redis.call('HMGET', book, 'hash', 'alarm', 'incident')
  if not known[1] then return end
  redis.call('HSET', book, 'ended', num(now), 'ended_job', id, 'ended_state', state, 'outcome', outcome, 'detail', detail)
  if state ~= 'SUCCESS' then return end
  redis.call('HSET', book, 'succeeded', num(now))
  if known[3] then
    redis.call('HSET', book, 'recovered', num(now))
    redis.call('ZADD', K.alarms, num(now), job.sched)
  elseif known[2] then
    redis.call('HDEL', book, 'alarm')
    redis.call('ZREM', K.alarms, job.sched)
  end
end

local ENDED = {SUCCESS = 'succeeded', FAILURE = 'failed', REVOKED = 'revoked', EXPIRED = 'expired'}

-- How long the record of a job that ended so is kept.
local function keep_ms(job, state)
  return tonumber(state == 'FAILURE' and (job.fttl or FAILURE_TTL_MS) or (job.rttl or RESULT_TTL_MS))
end

-- Ends a job for good. `outcome` and `detail` may be '' (a job that never ran). The rest goes
-- into the event: who, and why.
local function to_final(id, job, state, outcome, detail, ...)
  move(id, job.queue, job.state, state, num(now))
  redis.call('HDEL', K.job .. id, 'due', 'ready', 'expires', 'seq', 'cancel', 'token')
  redis.call('HSET', K.job .. id, 'finished', num(now), 'outcome', outcome, 'detail', detail)
  if job.expires then redis.call('ZREM', K.expiry .. job.queue, id) end
  redis.call('ZADD', K.retain, num(now + keep_ms(job, state)), id)
  redis.call('HINCRBY', K.queue .. job.queue, 'bytes', 0 - tonumber(job.bytes))
  keep_input(id, state)
  if redis.call('EXISTS', K.out .. id) == 1 then redis.call('ZADD', K.outputs, num(now), id) end
  redis.call('PUBLISH', K.news .. id, state)
  local speak = job.state == 'STARTED' and tell_run or tell
  speak(ENDED[state], id, job, 'o', outcome, 'd', detail, ...)
  job.state = state
  tally(state, job, ran_ms)
  if job.sched then leave_chain(id, job, state, outcome, detail) end
  trim_finished(job.queue)
end
