-- queues: a page of queues with what they hold by shown state.
-- KEYS  meta
-- ARGV  after ('-' for the first page)
-- reply {now, {queue, scheduled, blocked, pending, started, retry, success, failure, revoked,
--        expired, settings {max_depth, max_bytes, bytes, max_running, rate, rate_ms}, workers, head_enqueued | ''}…}

-- What an operator said goes before what a worker's file says.
local function bounds(queue)
  local all = redis.call('HMGET', K.queue .. queue, 'max_depth', 'max_bytes', 'bytes', 'max_running', 'rate', 'rate_ms',
    'file_max_depth', 'file_max_bytes', 'file_max_running', 'file_rate', 'file_rate_ms')
  return {all[1] or all[7], all[2] or all[8], all[3], all[4] or all[9], all[5] or all[10], all[6] or all[11]}
end

local from = ARGV[1] == '-' and '-' or '(' .. ARGV[1]
local reply = {num(now)}
for _, queue in ipairs(redis.call('ZRANGE', K.queues, from, '+', 'BYLEX', 'LIMIT', 0, 50)) do
  local function card(state) return redis.call('ZCARD', index(state, queue)) end
  local function due(state) return redis.call('ZCOUNT', index(state, queue), '-inf', num(now)) end
  -- Past due reads PENDING; never started and past its expiry reads EXPIRED. enqueue lets
  -- nothing expire before it is due, so all of those were counted as pending here.
  local late = redis.call('ZCOUNT', K.expiry .. queue, '-inf', num(now))
  local scheduled_due, retry_due = due('SCHEDULED'), due('RETRY')
  local head = redis.call('ZRANGE', index('PENDING', queue), 0, 0)[1]
  reply[#reply + 1] = {queue, card('SCHEDULED') - scheduled_due, card('BLOCKED'),
    math.max(0, card('PENDING') + scheduled_due + retry_due - late), card('STARTED'), card('RETRY') - retry_due,
    card('SUCCESS'), card('FAILURE'), card('REVOKED'), card('EXPIRED') + late,
    bounds(queue), live_workers(queue),
    head and redis.call('HGET', K.job .. head, 'enq') or ''}
end
return reply
