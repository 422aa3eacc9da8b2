-- enqueue: accepts jobs, all of them or none.
-- KEYS  meta
-- ARGV  user, host, count, then for each job: id, queue, spec, digest, priority, wait, expires, on_lost,
--       lease_ms, result_ttl_ms, failure_ttl_ms, stdin, task, hooks, alert
--       wait and expires: '' | '+MS' from now | '@MS' since the epoch;
--       stdin: '' for none, else '=' and the bytes; hooks: events joined by commas;
--       alert: 'c3', 'f3/10', 's3' joined by commas; other fields: '' for the default
-- reply {'OK', now, {'created'|'exists', state, digest, workers}…}
--       {'FULL', queue, 'depth'|'bytes', have, limit}
--       {'FORMAT', stored}

local WIDTH = 15
local FIRST = 3
local count = tonumber(ARGV[FIRST])

local function instant(text)
  if text == '' then return nil end
  local value = tonumber(string.sub(text, 2))
  return string.sub(text, 1, 1) == '+' and now + value or value
end

if wrong_format then return {'FORMAT', stored_format} end
local fresh, answers, wants, seen, sums = {}, {}, {}, {}, {}
for i = 1, count do
  local base = FIRST + (i - 1) * WIDTH
  local id, queue = ARGV[base + 1], ARGV[base + 2]
  local known = redis.call('HMGET', K.job .. id, 'state', 'sum')
  if known[1] then
    answers[i] = {'exists', known[1], known[2]}
  elseif seen[id] or redis.call('ZSCORE', K.tombs, id) then
    answers[i] = {'exists', seen[id] or '', sums[id] or ''}
  else
    local due = instant(ARGV[base + 6])
    if due and due <= now then due = nil end
    local bytes = #ARGV[base + 3] + math.max(0, #ARGV[base + 12] - 1)
    seen[id], sums[id] = due and 'SCHEDULED' or 'PENDING', ARGV[base + 4]
    fresh[#fresh + 1] = {base = base, due = due, bytes = bytes}
    answers[i] = {'created', seen[id], ARGV[base + 4]}
    wants[queue] = wants[queue] or {jobs = 0, bytes = 0, tasks = {}}
    wants[queue].jobs = wants[queue].jobs + 1
    wants[queue].bytes = wants[queue].bytes + bytes
    local task = ARGV[base + 13]
    wants[queue].tasks[task] = (wants[queue].tasks[task] or 0) + 1
  end
end
for queue, want in pairs(wants) do
  local limits = redis.call('HMGET', K.queue .. queue, 'max_depth', 'max_bytes', 'bytes', 'file_max_depth', 'file_max_bytes')
  limits[1], limits[2] = limits[1] or limits[4], limits[2] or limits[5]
  if limits[1] then
    local have = depth(queue)
    if have + want.jobs > tonumber(limits[1]) then
      return {'FULL', queue, 'depth', num(have), limits[1]}
    end
  end
  if limits[2] and tonumber(limits[3] or '0') + want.bytes > tonumber(limits[2]) then
    return {'FULL', queue, 'bytes', limits[3] or '0', limits[2]}
  end
end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
for _, job in ipairs(fresh) do
  local base = job.base
  local id, queue, prio = ARGV[base + 1], ARGV[base + 2], ARGV[base + 5]
  local fields = {'state', seen[id], 'queue', queue, 'enq', num(now), 'bytes', num(job.bytes), 'sum', ARGV[base + 4]}
  local function put(name, value)
    if value ~= '' then fields[#fields + 1] = name; fields[#fields + 1] = value end
  end
  put('prio', prio == '0' and '' or prio)
  put('onlost', ARGV[base + 8] == 'retry' and '' or ARGV[base + 8])
  put('lease', ARGV[base + 9])
  put('rttl', ARGV[base + 10])
  put('fttl', ARGV[base + 11])
  put('task', ARGV[base + 13])
  put('hooks', ARGV[base + 14])
  put('alert', ARGV[base + 15])
  local expires = instant(ARGV[base + 7])
  if expires then
    put('expires', num(expires))
    redis.call('ZADD', K.expiry .. queue, num(expires), id)
  end
  if job.due then
    put('due', num(job.due))
    redis.call('ZADD', index('SCHEDULED', queue), num(job.due), id)
  else
    local seq = redis.call('HINCRBY', K.meta, 'seq', 1)
    put('seq', num(seq))
    redis.call('ZADD', index('PENDING', queue), num((100 - tonumber(prio)) * SEQ_SPAN + seq), id)
  end
  redis.call('HSET', K.job .. id, unpack(fields))
  redis.call('SET', K.spec .. id, ARGV[base + 3])
  if ARGV[base + 12] ~= '' then redis.call('SET', K.stdin .. id, string.sub(ARGV[base + 12], 2)) end
  emit('enqueued', 'id', id, 'q', queue, 't', ARGV[base + 13], 'u', ARGV[1], 'h', ARGV[2], 'due', job.due and num(job.due))
end
for queue, want in pairs(wants) do
  redis.call('ZADD', K.queues, 0, queue)
  redis.call('HINCRBY', K.queue .. queue, 'bytes', want.bytes)
  redis.call('PUBLISH', K.bell .. queue, num(want.jobs))
  for task, jobs in pairs(want.tasks) do tally('enqueued', {queue = queue, task = task}, jobs) end
end

local reply = {'OK', num(now)}
for i = 1, count do
  local answer = answers[i]
  answer[4] = live_workers(ARGV[FIRST + (i - 1) * WIDTH + 2])
  reply[#reply + 1] = answer
end
return reply
