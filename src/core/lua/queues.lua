-- queues: a page of queues with what they hold by shown state.
-- KEYS  meta
-- ARGV  after ('-' for the first page)
-- reply {now, {queue, scheduled, blocked, pending, started, retry, success, failure, revoked,
--        expired, settings {max_depth, max_bytes, bytes, max_running, rate, rate_ms, pause}, workers,
--        head_enqueued | ''}…}
--       pause: since, until | '', user, host, why; or ''

local function bounds(queue)
  local all = redis.call('HMGET', K.queue .. queue, 'max_depth', 'file_max_depth', 'max_bytes', 'file_max_bytes', 'bytes',
    'max_running', 'file_max_running', 'rate', 'rate_ms', 'file_rate', 'file_rate_ms',
    'paused', 'paused_until', 'paused_by', 'paused_on', 'paused_why')
  local function most(said, file)
    local limit = bound(said, file)
    return limit and num(limit) or false
  end
  local rate = all[8] and 8 or 10
  local paused = all[12] and (not all[13] or tonumber(all[13]) > now)
  return {most(all[1], all[2]), most(all[3], all[4]), all[5], most(all[6], all[7]), most(all[rate]), most(all[rate + 1]),
    paused and {all[12], all[13] or '', all[14] or '', all[15] or '', all[16] or ''} or {''}}
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
