-- The walk that mends: a page of keys, then a page of each set or hash among them, and so on to
-- the end. Its place stands in the store, so that every worker goes on where another stopped.

-- What a member of a set or hash must be to stand there: in the order key's last part, member,
-- value. Otherwise it goes.
local function of_job(holds)
  return function(last, id)
    local job = load(id)
    return job and holds(job, last, id)
  end
end
local BELONGS = {
  [K.index] = of_job(function(job, last) return job.state and job.queue and job.state .. ':' .. job.queue == last end),
  [K.expiry] = of_job(function(job) return job.expires and not FINAL[job.state] and job.state ~= 'STARTED' end),
  [K.retain] = of_job(function(job) return FINAL[job.state] end),
  [K.outputs] = of_job(function(job, _, id) return FINAL[job.state] and redis.call('EXISTS', K.out .. id) == 1 end),
  [K.inputs] = of_job(function(job, _, id) return FINAL[job.state] and redis.call('STRLEN', K.stdin .. id) > 0 end),
  -- What has ended, or is gone, must not hold up the next tick of its schedule.
  [K.chain] = of_job(function(job) return not FINAL[job.state] end),
  [K.tombs] = function(_, id) return redis.call('EXISTS', K.job .. id) == 0 end,
  -- Whoever is watched for what it held leaves the books by takeover.
  [K.workers] = function(_, name)
    return redis.call('EXISTS', K.worker .. name) == 1 or redis.call('EXISTS', K.held .. name) == 1
  end,
  [K.serves] = function(_, name) return redis.call('EXISTS', K.worker .. name) == 1 end,
  [K.held] = function(name, id, token)
    local job = load(id)
    return job and job.state == 'STARTED' and job.token == token and job.worker == name
  end,
  [K.mail] = function(name, id)
    if id == '@' then return redis.call('EXISTS', K.worker .. name) == 1 end
    local job = load(id)
    return job and job.state == 'STARTED' and (job.cancel or job.requeue) and job.worker == name
  end,
}
local IS_HASH = {[K.held] = true, [K.mail] = true}

-- The family of a key and what comes after it. Only families have a colon after their word.
local function family_of(key)
  local word = string.match(key, '^%a+:', #P + 1)
  local family = word and P .. word or key
  return family, string.sub(key, #family + 1)
end

-- A page of a set or hash; answers where the next begins ('0' at the end) and how many it had.
local function walk(key, place)
  local family, last = family_of(key)
  local scan, drop = 'ZSCAN', 'ZREM'
  if IS_HASH[family] then scan, drop = 'HSCAN', 'HDEL' end
  local page = redis.call(scan, key, place, 'COUNT', MEND_AT_ONCE)
  for i = 1, #page[2], 2 do
    local member, value = page[2][i], page[2][i + 1]
    if not BELONGS[family](last, member, value) then
      redis.call(drop, key, member)
      mended('stood where it did not belong: ' .. string.sub(key, #P + 1), member)
    end
  end
  return page[1], #page[2] / 2
end

local VISIT = {
  [K.job] = mend_job,
  [K.spec] = drop_orphan, [K.stdin] = drop_orphan, [K.result] = drop_orphan, [K.tries] = drop_orphan, [K.out] = drop_orphan,
  [K.queue] = function(queue)
    mend_queue(queue)
    reweigh(queue)
  end,
  [K.index] = function(last)
    local queue = string.match(last, '^%u+:(.*)$')
    ensure(K.queues, queue, 0, 'a queue that nobody knew', nil, queue)
    if redis.call('EXISTS', K.queue .. queue) == 0 then reweigh(queue) end
  end,
  [K.held] = function(name) ensure(K.workers, name, 0, 'a holder that was in no list') end,
  [K.worker] = function(name) ensure(K.workers, name, 0, 'a worker that was in no list') end,
  -- A label may have any characters, which the row of keys to walk has not: some of it each time.
  [K.label] = function(label, key)
    for _, id in ipairs(redis.call('ZRANDMEMBER', key, MEND_AT_ONCE)) do
      local job = load(id)
      if not job or not string.find('\0' .. (job.labels or '') .. '\0', '\0' .. label .. '\0', 1, true) then
        redis.call('ZREM', key, id)
        mended('stood under a label that it has not', id)
      end
    end
  end,
  [K.schedule] = function(name)
    local due = redis.call('HGET', K.schedule .. name, 'due')
    ensure(K.schedules, name, 0, 'a schedule that was in no list')
    if due then ensure(K.due, name, due, 'a schedule that no beat would have looked at') end
  end,
  [K.chore] = function(id)
    if redis.call('LPOS', K.chores, id) then return end
    redis.call('RPUSH', K.chores, id)
    mended('a chore that was in no list')
  end,
}

-- What was added up on the way, unless some came or went meanwhile. A key may have been met
-- twice, so it takes two equal sums to overrule the books.
local function overrule(sum, before, field, mark, what)
  if not sum or tonumber(sum) == tonumber(redis.call('HGET', K.meta, field) or '0') then return end
  if sum == before then
    redis.call('HSET', K.meta, field, sum)
    mended(what)
  else
    redis.call('HSET', K.mend, mark, sum)
    mended_now = mended_now + 1
  end
end

-- The walk is over.
local function end_walk(out, before, input, input_before)
  redis.call('HDEL', K.mend, 'cursor', 'todo', 'place', 'out', 'before', 'found', 'input', 'inputbefore')
  overrule(out, before, 'out_bytes', 'before', 'all output together was counted wrongly')
  overrule(input, input_before, 'in_bytes', 'inputbefore', 'all kept input together was counted wrongly')
end

-- One slice of the walk; answers how much was mended.
local function mend()
  local at = redis.call('HMGET', K.mend, 'cursor', 'todo', 'place', 'out', 'before', 'found', 'input', 'inputbefore')
  local cursor, place, todo, over = at[1], at[3] or '0', {}, false
  for key in string.gmatch(at[2] or '', '[^ ]+') do todo[#todo + 1] = key end
  local out, input = not cursor and '0' or at[4], not cursor and '0' or at[7]
  if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
  local budget, steps = MEND_AT_ONCE, 0
  while budget > 0 and steps < MEND_STEPS and not over do
    steps = steps + 1
    if todo[1] then
      local seen
      place, seen = walk(todo[1], place)
      budget = budget - seen
      if place == '0' then table.remove(todo, 1) end
    elseif cursor == '0' then
      over = true
    else
      local page = redis.call('SCAN', cursor or '0', 'MATCH', P .. '*', 'COUNT', MEND_AT_ONCE)
      cursor, budget = page[1], budget - #page[2]
      for _, key in ipairs(page[2]) do
        local family, last = family_of(key)
        if VISIT[family] then VISIT[family](last, key) end
        if BELONGS[family] then todo[#todo + 1] = key end
        if family == K.stdin and input and FINAL[redis.call('HGET', K.job .. last, 'state') or ''] then
          input = num(input + redis.call('STRLEN', key))
        end
        if family == K.out and out then out = num(out + (redis.call('HGET', key, 'bytes') or 0)) end
      end
    end
  end
  if over then
    end_walk(out, at[5], input, at[8])
    if tonumber(at[6] or '0') + mended_now > 0 then
      redis.call('HSET', K.meta, 'torn', '1')
    elseif stored_meta[3] then
      redis.call('HDEL', K.meta, 'torn')
    end
  else
    redis.call('HSET', K.mend, 'cursor', cursor, 'todo', table.concat(todo, ' '), 'place', place)
    if out then redis.call('HSET', K.mend, 'out', out) end
    if input then redis.call('HSET', K.mend, 'input', input) end
    if mended_now > 0 then redis.call('HINCRBY', K.mend, 'found', mended_now) end
  end
  return mended_now
end

-- A slice a second for each worker while all is well; with every pulse from the moment in which
-- something was found until a whole walk finds nothing.
local function mend_in_turn(peers_after)
  if peers_after ~= '' or stored_meta[3] then return mend() end
  return 0
end
