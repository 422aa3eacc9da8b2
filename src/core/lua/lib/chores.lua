-- Cancelling, and the chores that are written down and worked off in slices.

-- Cancels one job, whatever it is doing; answers with what came of it.
local function cancel(id, job, who)
  if job.state == 'STARTED' then
    if job.cancel then return 'cancelling' end
    redis.call('HSET', K.job .. id, 'cancel', '1', 'reason', who.words)
    redis.call('HSET', K.mail .. job.worker, id, 'cancel')
    redis.call('PUBLISH', K.note .. job.worker, id)
    tell('cancelling', id, job, 'w', job.worker, 'u', who.user, 'h', who.host, 'r', who.words)
    return 'cancelling'
  end
  redis.call('HSET', K.job .. id, 'reason', who.words)
  to_final(id, job, 'REVOKED', 'cancelled', '', 'u', who.user, 'h', who.host, 'r', who.words)
  return 'cancelled'
end

local function read_chore(id)
  local flat = redis.call('HGETALL', K.chore .. id)
  local chore = {}
  for i = 1, #flat, 2 do chore[flat[i]] = flat[i + 1] end
  return chore
end

-- The newest purge that walks through a queue, by the chore that the queue names; or nil. It
-- covers all older ones.
local function purge_of(id)
  local chore = id and read_chore(id)
  return chore and chore.kind == 'purge' and chore or nil
end

local function purger(chore)
  return {user = chore.user, host = chore.host, words = chore.reason}
end

local function is_purged(chore, job)
  return tonumber(job.enq) <= tonumber(chore.before)
end

-- Fifty members that stand after the place (score, id), with scores. Whoever stood there may
-- have moved on, so the id is put back for a moment to learn its rank.
local function page_after(key, score, id)
  local rank = 0
  if id ~= '' then
    local stands = redis.call('ZSCORE', key, id)
    if stands == score then
      rank = redis.call('ZRANK', key, id) + 1
    else
      redis.call('ZADD', key, score, id)
      rank = redis.call('ZRANK', key, id)
      if stands then redis.call('ZADD', key, stands, id) else redis.call('ZREM', key, id) end
    end
  end
  return redis.call('ZRANGE', key, rank, rank + 49, 'WITHSCORES')
end

-- A purge marks the running jobs first: after that each of their ends is final. Claim starts
-- none that it covers. So from then on jobs only move along this order, and one walk through
-- it meets all of them.
local PURGE_ORDER = {'STARTED', 'BLOCKED', 'SCHEDULED', 'RETRY', 'PENDING'}

local function purge_slice(chore)
  local step = tonumber(chore.step)
  local page = page_after(index(PURGE_ORDER[step], chore.queue), chore.from, chore.after)
  local done, who = 0, purger(chore)
  for i = 1, #page, 2 do
    local job = load(page[i])
    if job and is_purged(chore, job) and not job.cancel then
      cancel(page[i], job, who)
      done = done + 1
    end
  end
  if #page == 0 then return step + 1, '', '', done end
  return step, page[#page], page[#page - 1], done
end

-- One slice of the oldest chore.
local function work_chores()
  local id = redis.call('LINDEX', K.chores, 0)
  if not id then return end
  local chore = read_chore(id)
  local finished = true
  if chore.kind == 'purge' then
    local step, from, after, done = purge_slice(chore)
    finished = step > #PURGE_ORDER
    redis.call('HSET', K.chore .. id, 'step', num(step), 'from', from, 'after', after)
    redis.call('HINCRBY', K.chore .. id, 'done', done)
  end
  if finished then
    if chore.queue and redis.call('HGET', K.queue .. chore.queue, 'purge') == id then
      redis.call('HDEL', K.queue .. chore.queue, 'purge')
    end
    redis.call('LPOP', K.chores)
    redis.call('UNLINK', K.chore .. id)
  end
end
