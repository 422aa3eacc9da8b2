-- failures: the newest failed jobs of a queue.
-- KEYS  meta
-- ARGV  queue, most (at most 100)
-- reply {now, {id, finished, outcome, detail, error | '', spec}…}

local reply = {num(now)}
local most = math.min(100, tonumber(ARGV[2]))
for _, id in ipairs(redis.call('ZRANGE', index('FAILURE', ARGV[1]), 0, most - 1, 'REV')) do
  local facts = redis.call('HMGET', K.job .. id, 'finished', 'outcome', 'detail', 'error')
  reply[#reply + 1] = {id, facts[1] or '', facts[2] or '', facts[3] or '', facts[4] or '', redis.call('GET', K.spec .. id) or ''}
end
return reply
