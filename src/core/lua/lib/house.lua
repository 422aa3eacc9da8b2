-- Work that every claim and renewal does a slice of. Nothing here loops without a bound.

-- Jobs whose time has come enter the ready order, in due order over both waiting states.
local function promote(queue, budget)
  local due = {}
  for _, state in ipairs({'SCHEDULED', 'RETRY'}) do
    local page = redis.call('ZRANGE', index(state, queue), '-inf', num(now), 'BYSCORE', 'LIMIT', 0, budget, 'WITHSCORES')
    for i = 1, #page, 2 do
      due[#due + 1] = {id = page[i], at = tonumber(page[i + 1]), state = state}
    end
  end
  table.sort(due, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    return a.id < b.id
  end)
  local moved = math.min(#due, budget)
  for i = 1, moved do
    local job = load(due[i].id)
    if job then
      to_pending(due[i].id, job, due[i].state)
    else
      redis.call('ZREM', index(due[i].state, queue), due[i].id)
    end
  end
  return moved
end

local function expire(id, job)
  local why = 'it did not start before it expired'
  redis.call('HSET', K.job .. id, 'reason', why)
  to_final(id, job, 'EXPIRED', 'expired', '', 'r', why)
end

-- A job that is EXPIRED for whoever looks at it is so from now on.
local function catch_up(id, job)
  if job and not FINAL[job.state] and shown_state(job) == 'EXPIRED' then expire(id, job) end
  return job
end

-- Never started jobs past their expiry.
local function sweep_expired(queue)
  for _, id in ipairs(redis.call('ZRANGE', K.expiry .. queue, '-inf', num(now), 'BYSCORE', 'LIMIT', 0, 50)) do
    local job = load(id)
    if job and (job.state == 'PENDING' or job.state == 'SCHEDULED' or job.state == 'BLOCKED') then
      expire(id, job)
    else
      redis.call('ZREM', K.expiry .. queue, id)
    end
  end
end

-- Looks at one job of the queue, any, that waits for an earlier one of its schedule: does that
-- one still exist? The end of a job releases the next; only what a damaged or restored server
-- lost never ends.
local function mend_chain(queue)
  local id = redis.call('ZRANDMEMBER', index('BLOCKED', queue))
  local job = id and load(id)
  if not id then return end
  if not job then
    redis.call('ZREM', index('BLOCKED', queue), id)
  elseif job.place then
    redis.call('ZADD', K.chain .. job.sched, job.place, id)
    release_first(K.chain .. job.sched)
  end
end

-- When the next waiting job of the queue is due, or nil.
local function next_due(queue)
  local soonest
  for _, state in ipairs({'SCHEDULED', 'RETRY'}) do
    local head = redis.call('ZRANGE', index(state, queue), 0, 0, 'WITHSCORES')
    if head[2] and (not soonest or tonumber(head[2]) < soonest) then soonest = tonumber(head[2]) end
  end
  return soonest
end

-- Where all of something together is too much, the oldest of it goes: ten jobs' at a time.
local function bounded(sum, most, set, drop, mark)
  local function too_much() return tonumber(redis.call('HGET', K.meta, sum) or '0') > most end
  if not too_much() then return end
  for _, id in ipairs(redis.call('ZRANGE', set, 0, 9)) do
    if not too_much() then break end
    drop(id)
    if mark and redis.call('EXISTS', K.job .. id) == 1 then redis.call('HSET', K.job .. id, mark, '1') end
    redis.call('ZREM', set, id)
  end
end

-- Records past their time, remembered ids past theirs, and the oldest output and input when
-- all of it together is too much.
local function retention()
  for _, id in ipairs(redis.call('ZRANGE', K.retain, '-inf', num(now), 'BYSCORE', 'LIMIT', 0, 20)) do
    local job = load(id)
    if job then forget(id, job, 'r', 'its time was over') else redis.call('ZREM', K.retain, id) end
  end
  local old = redis.call('ZRANGE', K.tombs, '-inf', num(now), 'BYSCORE', 'LIMIT', 0, 50)
  if #old > 0 then redis.call('ZREM', K.tombs, unpack(old)) end
  bounded('out_bytes', MAX_OUTPUT_BYTES, K.outputs, drop_output, 'out_gone')
  bounded('in_bytes', MAX_INPUT_BYTES, K.inputs, drop_input)
end

-- A page of workers and their renewal counters, for whoever watches them: name, nonce,
-- counter, lease, jobs held, and of those on the watcher's own machine their processes.
-- `after` is the last name of the page before; '' asks for none.
local function peers(after, watcher)
  local page = {}
  if after == '' then return page end
  local here = redis.call('HGET', K.worker .. watcher, 'boot') or ''
  local from = after == '-' and '-' or '(' .. after
  for _, name in ipairs(redis.call('ZRANGE', K.workers, from, '+', 'BYLEX', 'LIMIT', 0, 32)) do
    local facts = redis.call('HMGET', K.worker .. name, 'nonce', 'counter', 'lease', 'boot', 'halves')
    local halves = here ~= '' and facts[4] == here and facts[5] or ''
    page[#page + 1] = {name, facts[1] or '', facts[2] or '0', facts[3] or '', redis.call('HLEN', K.held .. name), halves}
  end
  return page
end

-- A sign of life: the counter that watchers look at, and the time that people look at.
local function beat(worker, mode)
  redis.call('HINCRBY', K.worker .. worker, 'counter', 1)
  redis.call('HSET', K.worker .. worker, 'seen', num(now), 'mode', mode)
end

local function say_serving(worker, queues)
  for _, queue in ipairs(queues) do redis.call('ZADD', K.serves .. queue, num(now), worker) end
end
