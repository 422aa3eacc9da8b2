-- claim: starts attempts of the jobs that are next. It also renews the worker's lease, brings
-- due jobs into the order and does a slice of the housework.
-- KEYS  meta
-- ARGV  worker, nonce, request, want, mode, peers_after, full, then for each queue in the
--       order to look: queue, most
--       request: a new word for each claim; the same word again (after a lost reply) gives
--       the jobs of the first time and takes no others
--       queues of hooks have slots of their own: their jobs do not count against `want`
--       full: '1' to say again which queues are served
-- reply {'OK', now, next_due | '', jobs, mail, peers, withheld, holds, mended}
--         withheld: 1 when a limit of a queue kept back jobs that could run
--         holds: how many jobs the books say the worker holds   mended: as renew says
--         jobs: {id, token, queue, attempt, failures, losses, enqueued, waited_ms, lease_ms | '', spec, stdin | false, cut, cause}…
--               cause: JSON about the job whose end made this hook, or ''
--               cut: the host where an earlier run was cut, or ''
--         mail: {id, request…}   peers: {worker, nonce, counter, lease_ms, held, halves | ''}…
--       {'UNKNOWN'} the worker is not registered (any more)
--       {'FORMAT', stored}

local worker, nonce, request, want = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local PROMOTE, MAX_PASSED = 200, 64

local function sooner(one, other)
  if one and other then return math.min(one, other) end
  return one or other
end

-- How long a started job could have run before it did.
local function waited(job)
  return math.max(0, tonumber(job.started) - tonumber(job.ready or job.enq))
end

local function as_claimed(id, job)
  return {id, job.token, job.queue, job.attempts, job.failures or '0', job.losses or '0', job.enq,
    num(waited(job)), job.lease or '',
    redis.call('GET', K.spec .. id) or '', redis.call('GET', K.stdin .. id), job.cut or '', job.cause or ''}
end

if wrong_format then return {'FORMAT', stored_format} end
local me = redis.call('HMGET', K.worker .. worker, 'nonce', 'req', 'got', 'host', 'suspect')
if me[1] ~= nonce then return {'UNKNOWN'} end

beat(worker, ARGV[5])
local function is_of_hooks(queue) return queue == HOOK_QUEUE or queue == COMMAND_HOOK_QUEUE end
local queues, most, asks = {}, {}, want > 0
for i = 8, #ARGV, 2 do
  queues[#queues + 1] = ARGV[i]
  most[#queues] = tonumber(ARGV[i + 1])
  if is_of_hooks(ARGV[i]) and most[#queues] > 0 then asks = true end
end
if ARGV[7] == '1' then say_serving(worker, queues) end

-- An attempt starts: the fence only grows, also over a restored older snapshot.
local fence = tonumber(redis.call('HGET', K.meta, 'fence') or '0')
local function start(id, job)
  fence = math.max(fence + 1, now_us)
  job.token, job.started = num(fence) .. '-' .. nonce, num(now)
  begin(id, job, worker, me[4])
  tally('started', job, num(waited(job)))
  tell_run('started', id, job)
  return as_claimed(id, job)
end

-- A job on its last chance may kill its worker, and whatever is on its last chance beside it
-- would be given up with it: a worker runs one of them at a time.
local function is_suspect(job)
  return tonumber(job.blame or '0') == MAX_LOSSES - 1
end
local suspect = me[5]
local function runs_suspect()
  return suspect and redis.call('HEXISTS', K.held .. worker, suspect) == 1
end

local jobs, dropped, withheld, limited_until = {}, 0, 0, nil
if asks and me[2] == request then
  for id in string.gmatch(me[3] or '', '[^ ]+') do
    local job = load(id)
    if job and job.state == 'STARTED' and redis.call('HGET', K.held .. worker, id) == job.token then
      jobs[#jobs + 1] = as_claimed(id, job)
    end
  end
else
  local budget, got, taken = PROMOTE, {}, 0
  for place, queue in ipairs(queues) do
    sweep_expired(queue)
    mend_chain(queue)
    if budget > 0 then budget = budget - promote(queue, math.max(1, math.min(100, budget))) end
    local extra = is_of_hooks(queue)
    local room = extra and most[place] or math.min(want - taken, most[place])
    local rule = rules(queue)
    local left, wait = allowance(queue, rule, room)
    local short = left < room
    room = left
    if room > 0 then
      local purge, before = purge_of(rule.purge), #got
      -- Whatever is looked at leaves the order, but for those that are passed over.
      local passed, need = 0, room
      while need > 0 and passed <= MAX_PASSED do
        local page = redis.call('ZRANGE', index('PENDING', queue), passed, passed + need - 1)
        need = 0
        for _, id in ipairs(page) do
          local job = load(id)
          if not job then
            redis.call('ZREM', index('PENDING', queue), id)
            dropped = dropped + 1
          elseif job.expires and tonumber(job.expires) <= now then
            expire(id, job)
            dropped = dropped + 1
          elseif purge and is_purged(purge, job) then
            cancel(id, job, purger(purge))
            dropped = dropped + 1
          elseif not is_whole(id, job) then
            reject_torn(id, job)
            dropped = dropped + 1
          elseif is_suspect(job) and runs_suspect() then
            passed, need = passed + 1, need + 1
          else
            if is_suspect(job) then
              suspect = id
              redis.call('HSET', K.worker .. worker, 'suspect', id)
            end
            jobs[#jobs + 1] = start(id, job)
            got[#got + 1] = id
            if not extra then taken = taken + 1 end
          end
        end
      end
      spend(queue, rule, #got - before)
    end
    if short and redis.call('ZCARD', index('PENDING', queue)) > 0 then
      -- Nobody knows how long a pause lasts: a burst does not wait for its end.
      if not rule.paused then withheld = 1 end
      limited_until = sooner(limited_until, wait)
    end
  end
  if #got > 0 then redis.call('HSET', K.meta, 'fence', num(fence)) end
  if asks then redis.call('HSET', K.worker .. worker, 'req', request, 'got', table.concat(got, ' ')) end
end
retention()
work_chores()
mend_in_turn(ARGV[6])

-- Whoever asked and got less than there may be comes again at once.
local soonest = dropped > 0 and now or limited_until
for _, queue in ipairs(queues) do
  local due = next_due(queue)
  if due and (not soonest or due < soonest) then soonest = due end
end
return {'OK', num(now), soonest and num(soonest) or '', jobs, redis.call('HGETALL', K.mail .. worker), peers(ARGV[6], worker), withheld,
  redis.call('HLEN', K.held .. worker), mended_now}
