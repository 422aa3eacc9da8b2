-- Limits of a queue: jobs at once, and starts in a time. Exact over all workers, because
-- they are looked at and spent in the script that starts the job.

-- A setting of the queue: what an operator said, else what a worker's file says.
local function setting(queue, name)
  local both = redis.call('HMGET', K.queue .. queue, name, 'file_' .. name)
  return tonumber(both[1] or both[2] or '')
end

-- Tokens of the queue's bucket: `rate` in `rate_ms`, at most `rate` saved up.
local function tokens(queue, rate, rate_ms)
  local have = redis.call('HMGET', K.queue .. queue, 'tokens', 'tokens_at')
  local passed = math.max(0, now - tonumber(have[2] or '0'))
  return math.min(rate, tonumber(have[1] or num(rate)) + passed * rate / rate_ms)
end

-- How many of `room` jobs may start now, and when the next may if the rate says none.
local function allowance(queue, room)
  if room <= 0 then return 0 end
  local most = setting(queue, 'max_running')
  if most then room = math.max(0, math.min(room, most - redis.call('ZCARD', index('STARTED', queue)))) end
  local rate = setting(queue, 'rate')
  if not rate then return room end
  local rate_ms = setting(queue, 'rate_ms') or 1000
  local have = tokens(queue, rate, rate_ms)
  local wait = have < room and math.ceil(now + (math.floor(have) + 1 - have) * rate_ms / rate) or nil
  return math.min(room, math.floor(have)), wait
end

-- A job of the queue started: its token is gone.
local function spend(queue)
  local rate = setting(queue, 'rate')
  if not rate then return end
  local have = tokens(queue, rate, setting(queue, 'rate_ms') or 1000)
  redis.call('HSET', K.queue .. queue, 'tokens', string.format('%.6f', have - 1), 'tokens_at', num(now))
end
