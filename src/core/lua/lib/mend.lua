-- Mending. After a restore of an older state, a failover or a loss of keys the books contradict
-- themselves. A walk over all keys, a slice at a time, makes them whole, and then the ordinary
-- rules apply. So nothing is taken from a holder here: a job that nobody holds is written back
-- into its holder's book, where the holder itself, or whoever watches it stand still, finds it.

local MEND_AT_ONCE, MEND_STEPS = 32, 12
local mended_now = 0

local function mended(what, id, queue)
  mended_now = mended_now + 1
  emit('mended', 'id', id, 'q', queue, 'r', what)
end

-- Something that shows as a job stands for a command that is lost.
local function stub(id, job)
  if redis.call('EXISTS', K.spec .. id) == 1 then return false end
  redis.call('SET', K.spec .. id, '{"v":1,"kind":"command","argv":["(lost)"],"queue":"' .. job.queue ..
    '","created_at":"","origin":{"user":"","host":"","version":""}}')
  return true
end

-- A job that can never run as it was meant to.
local function reject_torn(id, job)
  stub(id, job)
  local why = 'the server lost its command or its input'
  redis.call('HSET', K.job .. id, 'reason', why)
  to_final(id, job, 'FAILURE', 'rejected', '', 'r', why)
  after(id, job, 'FAILURE', 'rejected', '')
end

-- The number that a job was given stays issued, whatever the server remembers of it.
local function keep_issued(field, number)
  if number > tonumber(redis.call('HGET', K.meta, field) or '0') then
    redis.call('HSET', K.meta, field, num(number))
    mended('the last ' .. field .. ' was forgotten')
  end
end

local function ensure(key, member, score, what, id, queue)
  if redis.call('ZSCORE', key, member) then return end
  redis.call('ZADD', key, score, member)
  mended(what, id, queue)
end

-- Where a record in this state stands in its index; what was lost of it begins anew.
local function stand(id, job)
  if FINAL[job.state] then return job.finished or num(now) end
  if job.state == 'STARTED' then return job.started or num(now) end
  if job.state == 'PENDING' then
    if not job.seq then
      job.seq = num(redis.call('HINCRBY', K.meta, 'seq', 1))
      redis.call('HSET', K.job .. id, 'seq', job.seq)
    end
    return ready_place(job, job.seq)
  end
  return job.due or job.state == 'BLOCKED' and job.enq or num(now)
end

local function mend_job(id)
  local job = load(id)
  if not job then return end
  if not (job.state and job.queue and job.enq) then
    redis.call('UNLINK', K.job .. id)
    return mended('a record without a state', id)
  end
  local final = FINAL[job.state]
  if final or job.state == 'STARTED' then
    if stub(id, job) then mended('its command is lost', id, job.queue) end
  elseif not is_whole(id, job) then
    mended('a waiting job without its command or input', id, job.queue)
    return reject_torn(id, job)
  end
  ensure(K.queues, job.queue, 0, 'a queue that nobody knew', nil, job.queue)
  for label in labels_in(job.labels or '') do
    ensure(K.label .. label, id, job.enq, 'stood under none of its labels', id, job.queue)
  end
  if job.seq then keep_issued('seq', tonumber(job.seq)) end
  ensure(index(job.state, job.queue), id, stand(id, job), 'stood in no index', id, job.queue)
  if job.expires and not final and job.state ~= 'STARTED' then
    ensure(K.expiry .. job.queue, id, job.expires, 'would never have expired', id, job.queue)
  end
  if job.place and not final then
    ensure(K.chain .. job.sched, id, job.place, 'was unknown to the jobs that wait for it', id, job.queue)
  end
  if final then
    local finished = tonumber(job.finished or num(now))
    ensure(K.retain, id, num(finished + keep_ms(job, job.state)), 'would have been kept for ever', id, job.queue)
    if redis.call('EXISTS', K.out .. id) == 1 then
      ensure(K.outputs, id, num(finished), 'its output would have been kept for ever', id, job.queue)
    end
    if redis.call('STRLEN', K.stdin .. id) > 0 then
      ensure(K.inputs, id, num(finished), 'its input would have been kept for ever', id, job.queue)
    end
  elseif job.state == 'STARTED' then
    keep_issued('fence', tonumber(string.match(job.token, '^%d+')))
    if redis.call('HGET', K.held .. job.worker, id) ~= job.token then
      redis.call('HSET', K.held .. job.worker, id, job.token)
      mended('ran and was held by nobody', id, job.queue)
    end
    ensure(K.workers, job.worker, 0, 'its holder was in no list', id, job.queue)
    local word = job.cancel and 'cancel' or job.requeue and 'requeue'
    if word and redis.call('HEXISTS', K.mail .. job.worker, id) == 0 then
      redis.call('HSET', K.mail .. job.worker, id, word)
      redis.call('PUBLISH', K.note .. job.worker, id)
      mended('its ' .. word .. ' would have been forgotten', id, job.queue)
    end
  end
end

local function drop_orphan(id, key)
  if redis.call('EXISTS', K.job .. id) == 1 then return end
  redis.call('UNLINK', key)
  mended('a part of a job that is gone', id)
end

-- The weight of a queue's unfinished jobs, where few enough are there to add them up. What one
-- walk finds may be for want of jobs that the same walk brings back, so it takes two that find
-- the same difference to overrule the books.
local function reweigh(queue)
  if depth(queue) > 4 * MEND_AT_ONCE then return end
  local sum = 0
  for _, state in ipairs({'PENDING', 'SCHEDULED', 'RETRY', 'BLOCKED', 'STARTED'}) do
    for _, id in ipairs(redis.call('ZRANGE', index(state, queue), 0, -1)) do
      sum = sum + tonumber(redis.call('HGET', K.job .. id, 'bytes') or '0')
    end
  end
  local off = sum - tonumber(redis.call('HGET', K.queue .. queue, 'bytes') or '0')
  local before = redis.call('HGET', K.mend, 'off:' .. queue)
  if off == 0 then
    if before then redis.call('HDEL', K.mend, 'off:' .. queue) end
  elseif before == num(off) then
    redis.call('HINCRBY', K.queue .. queue, 'bytes', num(off))
    redis.call('HDEL', K.mend, 'off:' .. queue)
    mended('its bytes were counted wrongly', nil, queue)
  else
    redis.call('HSET', K.mend, 'off:' .. queue, num(off))
    mended_now = mended_now + 1
  end
end

local function mend_queue(queue)
  ensure(K.queues, queue, 0, 'a queue that nobody knew', nil, queue)
  local purge = redis.call('HGET', K.queue .. queue, 'purge')
  if purge and redis.call('EXISTS', K.chore .. purge) == 0 then
    redis.call('HDEL', K.queue .. queue, 'purge')
    mended('a purge that is over', nil, queue)
  end
end
