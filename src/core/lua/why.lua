-- why: a job in full, and all that decides whether and when it runs, at one instant.
-- KEYS  meta
-- ARGV  id
-- reply {now, false | {job as in show, settings, purge, rank | false, running, held_by, workers,
--        last_seen | '', holder, ends, chain}}
--       settings: of its queue, name, value…; purge: before, reason (of the one under way) or none
--       rank: jobs before it in the ready order; running: STARTED jobs of the queue
--       held_by: at most 5 of them; workers: {name, mode, slots, held}…, at most 50 live ones
--       last_seen: when a worker last said that it serves the queue
--       holder: mode, seen of the worker that has the job; ends: when the last jobs ended
--       chain: of a job of a schedule, the first jobs of that schedule that have not ended

local id = ARGV[1]
local job = shown(id, true)
if not job then return {num(now), false} end
local queue = redis.call('HGET', K.job .. id, 'queue') or ''

local chore, purge = redis.call('HGET', K.queue .. queue, 'purge'), {}
if chore then
  local facts = redis.call('HMGET', K.chore .. chore, 'before', 'reason')
  if facts[1] then purge = {facts[1], facts[2] or ''} end
end
local workers = {}
for _, worker in ipairs(redis.call('ZRANGE', K.serves .. queue, num(now - LIVE_MS), '+inf', 'BYSCORE', 'LIMIT', 0, 50)) do
  local facts = redis.call('HMGET', K.worker .. worker, 'mode', 'slots')
  workers[#workers + 1] = {worker, facts[1] or '', facts[2] or '0', redis.call('HLEN', K.held .. worker)}
end
local holder = redis.call('HGET', K.job .. id, 'worker')
local ends = {}
for _, state in ipairs({'SUCCESS', 'FAILURE'}) do
  local last = redis.call('ZRANGE', index(state, queue), 0, 19, 'REV', 'WITHSCORES')
  for i = 2, #last, 2 do ends[#ends + 1] = last[i] end
end
local schedule = redis.call('HGET', K.job .. id, 'sched')
local chain = schedule and redis.call('ZRANGE', K.chain .. schedule, 0, 4) or {}
return {num(now), {job, redis.call('HGETALL', K.queue .. queue), purge,
  redis.call('ZRANK', index('PENDING', queue), id), redis.call('ZCARD', index('STARTED', queue)),
  redis.call('ZRANGE', index('STARTED', queue), 0, 4), workers,
  redis.call('ZRANGE', K.serves .. queue, 0, 0, 'REV', 'WITHSCORES')[2] or '',
  holder and redis.call('HMGET', K.worker .. holder, 'mode', 'seen') or {}, ends, chain}}
