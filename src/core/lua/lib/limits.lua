-- Limits of a queue: jobs at once, and starts in a time. Exact over all workers, because
-- they are looked at and spent in the script that starts the job. And whether it is paused.

-- What holds of a queue, in one look. What an operator said, 'none' included, goes before
-- what a worker's file says.
local function rules(queue)
  local all = redis.call('HMGET', K.queue .. queue, 'max_running', 'file_max_running', 'rate', 'rate_ms',
    'file_rate', 'file_rate_ms', 'tokens', 'tokens_at', 'purge', 'paused', 'paused_until')
  local rule = {most = bound(all[1], all[2]), purge = all[9], paused = all[10]}
  local first = all[3] and 3 or 5
  rule.rate = tonumber(all[first] or '')
  if rule.rate then
    -- Tokens of its bucket: `rate` in `rate_ms`, at most `rate` saved up.
    rule.rate_ms = tonumber(all[first + 1] or '1000')
    local passed = math.max(0, now - tonumber(all[8] or '0'))
    rule.tokens = math.min(rule.rate, tonumber(all[7] or num(rule.rate)) + passed * rule.rate / rule.rate_ms)
  end
  if rule.paused and all[11] then
    rule.paused_until = tonumber(all[11])
    if rule.paused_until <= now then
      unpause(queue, 'r', 'its time was over')
      rule.paused, rule.paused_until = nil, nil
    end
  end
  return rule
end

-- How many of `room` jobs may start now, and when the next may if the rate says none.
local function allowance(queue, rule, room)
  if room <= 0 or rule.paused then return 0, rule.paused_until end
  if rule.most then room = math.max(0, math.min(room, rule.most - redis.call('ZCARD', index('STARTED', queue)))) end
  if not rule.rate then return room end
  local whole = math.floor(rule.tokens)
  local wait = rule.tokens < room and math.ceil(now + (whole + 1 - rule.tokens) * rule.rate_ms / rule.rate) or nil
  return math.min(room, whole), wait
end

-- So many jobs of the queue started: their tokens are gone.
local function spend(queue, rule, started)
  if not rule.rate or started == 0 then return end
  redis.call('HSET', K.queue .. queue, 'tokens', string.format('%.6f', rule.tokens - started), 'tokens_at', num(now))
end
