-- Accepting jobs: for enqueue, and for what schedules make.

-- How many arguments describe a job; enqueue.lua says which.
local JOB_WIDTH = 16

-- The job that the arguments after `base` describe.
local function job_at(base)
  local function given(place) return ARGV[base + place] end
  return {id = given(1), queue = given(2), spec = given(3), sum = given(4), prio = given(5), wait = given(6),
    expires = given(7), onlost = given(8), lease = given(9), rttl = given(10), fttl = given(11), stdin = given(12),
    task = given(13), hooks = given(14), alert = given(15), labels = given(16), bytes = #given(3) + math.max(0, #given(12) - 1)}
end

-- What is known of an id already: its state ('' where only the id is remembered) and digest, or nil.
local function known(id)
  local record = redis.call('HMGET', K.job .. id, 'state', 'sum')
  if record[1] then return record[1], record[2] end
  if redis.call('ZSCORE', K.tombs, id) then return '', '' end
  return nil
end

-- The refusal of a queue that has no room for so many more jobs and bytes, or nil.
local function full(queue, jobs, bytes)
  local what, have, limit = fullness(queue, jobs, bytes)
  return what and {'FULL', queue, what, have, limit}
end

-- Writes a job down: SCHEDULED until `new.due`, BLOCKED if `new.blocked`, else PENDING.
-- `new.sched` is the schedule that made it, `new.place` and `new.behind` where it stands among
-- that one's jobs, `new.cause` what a hook is about; the rest is for
-- the event: by whom.
local function accept(new, user, host)
  local id, queue = new.id, new.queue
  local state = new.due and 'SCHEDULED' or new.blocked and 'BLOCKED' or 'PENDING'
  local fields = {'state', state, 'queue', queue, 'enq', num(now), 'bytes', num(new.bytes), 'sum', new.sum}
  local function put(name, value)
    if value and value ~= '' then fields[#fields + 1] = name; fields[#fields + 1] = value end
  end
  put('prio', new.prio == '0' and '' or new.prio)
  put('onlost', new.onlost == 'retry' and '' or new.onlost)
  put('lease', new.lease)
  put('rttl', new.rttl)
  put('fttl', new.fttl)
  put('task', new.task)
  put('hooks', new.hooks)
  put('alert', new.alert)
  put('labels', new.labels)
  for label in labels_in(new.labels or '') do redis.call('ZADD', K.label .. label, num(now), id) end
  put('sched', new.sched)
  put('place', new.place)
  put('behind', new.behind)
  put('cause', new.cause)
  local expires = instant(new.expires)
  if expires then
    put('expires', num(expires))
    redis.call('ZADD', K.expiry .. queue, num(expires), id)
  end
  if new.due then
    put('due', num(new.due))
    redis.call('ZADD', index(state, queue), num(new.due), id)
  elseif new.blocked then
    redis.call('ZADD', index(state, queue), num(now), id)
  else
    local seq = redis.call('HINCRBY', K.meta, 'seq', 1)
    put('seq', num(seq))
    redis.call('ZADD', index(state, queue), num((100 - tonumber(new.prio)) * SEQ_SPAN + seq), id)
  end
  redis.call('HSET', K.job .. id, unpack(fields))
  redis.call('SET', K.spec .. id, new.spec)
  if new.stdin ~= '' then redis.call('SET', K.stdin .. id, string.sub(new.stdin, 2)) end
  emit('enqueued', 'id', id, 'q', queue, 't', new.task, 'sc', new.sched, 'u', user, 'h', host, 'due', new.due and num(new.due))
end

-- A queue has so many more jobs; `tasks` says how many of which task.
local function grow(queue, jobs, bytes, tasks)
  redis.call('ZADD', K.queues, 0, queue)
  redis.call('HINCRBY', K.queue .. queue, 'bytes', bytes)
  redis.call('PUBLISH', K.bell .. queue, num(jobs))
  for task, count in pairs(tasks) do tally('enqueued', {queue = queue, task = task}, count) end
end
