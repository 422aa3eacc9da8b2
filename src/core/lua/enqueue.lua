-- enqueue: accepts jobs, all of them or none.
-- KEYS  meta
-- ARGV  user, host, count, then for each job: id, queue, spec, digest, priority, wait, expires, on_lost,
--       lease_ms, result_ttl_ms, failure_ttl_ms, stdin, task, hooks, alert, labels
--       wait and expires: '' | '+MS' from now | '@MS' since the epoch;
--       stdin: '' for none, else '=' and the bytes; hooks: events joined by commas;
--       alert: 'c3', 'f3/10', 's3' joined by commas; labels: KEY=VALUE with a NUL between two;
--       other fields: '' for the default
-- reply {'OK', now, {'created'|'exists', state, digest, workers}…}
--       {'FULL', queue, 'depth'|'bytes', have, limit}
--       {'FORMAT', stored}

local FIRST = 3
local count = tonumber(ARGV[FIRST])

if wrong_format then return {'FORMAT', stored_format} end
local fresh, answers, wants, seen = {}, {}, {}, {}
for i = 1, count do
  local new = job_at(FIRST + (i - 1) * JOB_WIDTH)
  local state, sum = known(new.id)
  local twin = seen[new.id]
  if state then
    answers[i] = {'exists', state, sum}
  elseif twin then
    answers[i] = {'exists', twin.due and 'SCHEDULED' or 'PENDING', twin.sum}
  else
    new.due = instant(new.wait)
    if new.due and new.due <= now then new.due = nil end
    seen[new.id], fresh[#fresh + 1] = new, new
    answers[i] = {'created', new.due and 'SCHEDULED' or 'PENDING', new.sum}
    local want = wants[new.queue] or {jobs = 0, bytes = 0, tasks = {}}
    want.jobs, want.bytes = want.jobs + 1, want.bytes + new.bytes
    want.tasks[new.task] = (want.tasks[new.task] or 0) + 1
    wants[new.queue] = want
  end
end
for queue, want in pairs(wants) do
  local refusal = full(queue, want.jobs, want.bytes)
  if refusal then return refusal end
end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
for _, new in ipairs(fresh) do accept(new, ARGV[1], ARGV[2]) end
for queue, want in pairs(wants) do grow(queue, want.jobs, want.bytes, want.tasks) end

local reply = {'OK', num(now)}
for i = 1, count do
  local answer = answers[i]
  answer[4] = live_workers(ARGV[FIRST + (i - 1) * JOB_WIDTH + 2])
  reply[#reply + 1] = answer
end
return reply
