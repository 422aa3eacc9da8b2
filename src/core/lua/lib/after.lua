-- What the end of a job sets off: its hooks and its task's alerts. They are made in the
-- script that ends the job, so neither a death nor a lost reply can come between.

-- Makes the job that runs a hook. The command stands in the worker's own file: here are only
-- the task, the event and the facts about the job that caused it.
local function make_hook(event, id, job, facts)
  local seq = num(redis.call('HINCRBY', K.meta, 'seq', 1))
  local hook = id .. '.' .. event
  if event == 'retry' then hook = hook .. '.' .. job.attempts end
  if #hook > 128 or redis.call('EXISTS', K.job .. hook) == 1 then
    hook = string.sub(id, 1, 80) .. '.' .. event .. '.' .. seq
  end
  local spec = '{"v":1,"kind":"hook","task":"' .. job.task .. '","named":{"event":"' .. event .. '"},"queue":"' ..
    HOOK_QUEUE .. '","created_at":"","limits":{"timeout_ms":600000},"retry":{"retries":3,"delay_ms":10000,' ..
    '"backoff":"exponential","max_delay_ms":600000,"jitter":false},"origin":{"user":"","host":"","version":""}}'
  facts.id, facts.queue, facts.attempt = id, job.queue, job.attempts
  redis.call('SET', K.spec .. hook, spec)
  redis.call('HSET', K.job .. hook, 'state', 'PENDING', 'queue', HOOK_QUEUE, 'enq', num(now), 'bytes', num(#spec),
    'sum', '', 'seq', seq, 'task', job.task, 'cause', cjson.encode(facts))
  redis.call('ZADD', index('PENDING', HOOK_QUEUE), num(100 * SEQ_SPAN + tonumber(seq)), hook)
  redis.call('ZADD', K.queues, 0, HOOK_QUEUE)
  redis.call('HINCRBY', K.queue .. HOOK_QUEUE, 'bytes', #spec)
  tally('enqueued', {queue = HOOK_QUEUE}, 1)
  ring(HOOK_QUEUE)
  emit('enqueued', 'id', hook, 'q', HOOK_QUEUE, 't', job.task, 'p', id, 'r', event)
end

local function wants(job, event)
  return job.task and job.hooks and string.find(',' .. job.hooks .. ',', ',' .. event .. ',', 1, true)
end

local function median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  local middle = math.floor((#sorted + 1) / 2)
  return #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
end

-- What is wrong with a task after this end, or nil. `policy` is the job's: 'c3', 'f3/10',
-- 's3' joined by commas; `took` is the run time in milliseconds.
local function complaint(policy, book, took)
  for rule in string.gmatch(policy, '[^,]+') do
    local kind, number = string.sub(rule, 1, 1), string.sub(rule, 2)
    if kind == 'c' and book.streak >= tonumber(number) then
      return num(book.streak) .. ' failures in a row'
    elseif kind == 'f' then
      local bad, of = string.match(number, '^(%d+)/(%d+)$')
      local window = string.sub(book.ring, -tonumber(of))
      local _, failures = string.gsub(window, 'F', '')
      if failures >= tonumber(bad) then return num(failures) .. ' failures in the last ' .. num(#window) end
    elseif kind == 's' and #book.times >= 5 and took > tonumber(number) * median(book.times) then
      return 'took ' .. num(took) .. ' ms, the median is ' .. num(median(book.times)) .. ' ms'
    end
  end
  return nil
end

-- Keeps the book of a task and opens or closes its incident: one alert when it opens, one
-- word when it closes, and reminders at growing distances in between.
local function alert(id, job, good)
  local key = K.alert .. job.task
  local stored = redis.call('HMGET', key, 'streak', 'ring', 'times', 'since', 'remind_at', 'distance')
  local book = {streak = good and 0 or tonumber(stored[1] or '0') + 1, times = {}}
  book.ring = string.sub((stored[2] or '') .. (good and 'S' or 'F'), -100)
  for value in string.gmatch(stored[3] or '', '[^,]+') do book.times[#book.times + 1] = tonumber(value) end
  local took = now - tonumber(job.started or num(now))
  local why = complaint(job.alert, book, took)
  -- The run that is judged is not part of the median it is judged by.
  if good then book.times[#book.times + 1] = took end
  while #book.times > 20 do table.remove(book.times, 1) end
  local times = {}
  for i, value in ipairs(book.times) do times[i] = num(value) end
  redis.call('HSET', key, 'streak', num(book.streak), 'ring', book.ring, 'times', table.concat(times, ','))
  if why and not stored[4] then
    redis.call('HSET', key, 'since', num(now), 'why', why, 'remind_at', num(now + REMIND_MS), 'distance', num(REMIND_MS))
    redis.call('ZADD', K.incidents, num(now), job.task)
    emit('alert', 't', job.task, 'id', id, 'r', why)
    make_hook('alert', id, job, {reason = why})
  elseif why and now >= tonumber(stored[5]) then
    local distance = tonumber(stored[6]) * 2
    redis.call('HSET', key, 'why', why, 'remind_at', num(now + distance), 'distance', num(distance))
    make_hook('reminder', id, job, {reason = why, since = num(tonumber(stored[4]))})
  elseif stored[4] and good and not why then
    redis.call('HDEL', key, 'since', 'why', 'remind_at', 'distance')
    redis.call('ZREM', K.incidents, job.task)
    emit('recovery', 't', job.task, 'id', id)
    make_hook('recovery', id, job, {since = num(tonumber(stored[4]))})
  end
end

-- Called when an attempt has led to SUCCESS, FAILURE or RETRY.
local function after(id, job, state, outcome, detail)
  if not job.task or job.cause then return end
  local event = ({SUCCESS = 'success', FAILURE = 'failure', RETRY = 'retry'})[state]
  if not event then return end
  if wants(job, event) then make_hook(event, id, job, {state = state, outcome = outcome, detail = detail}) end
  if job.alert and state ~= 'RETRY' then alert(id, job, state == 'SUCCESS') end
end
