-- pause: claims start nothing from these queues, until a time or until they are resumed. What
-- runs goes on, and new jobs are accepted.
-- KEYS  meta
-- ARGV  user, host, why, until ('' | '+MS' from now | '@MS' since the epoch), queues… (at most 100)
-- reply {'OK', now, {queue, 'paused'|'unknown', since, until | ''}…} | {'PAST', now} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local till = instant(ARGV[4])
if till and till <= now then return {'PAST', num(now)} end

local FIELDS = {'paused_by', 'paused_on', 'paused_why', 'paused_until'}
local said = {ARGV[1], ARGV[2], ARGV[3], till and num(till) or ''}

local function pause(queue)
  local key = K.queue .. queue
  local since = paused_since(queue)
  local before = redis.call('HMGET', key, unpack(FIELDS))
  local news = not since
  for i, field in ipairs(FIELDS) do
    news = news or said[i] ~= (before[i] or '')
    if said[i] == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, said[i]) end
  end
  since = since or num(now)
  redis.call('HSET', key, 'paused', since)
  if news then
    emit('paused', 'q', queue, 'due', said[4], 'u', ARGV[1], 'h', ARGV[2], 'r', ARGV[3])
  end
  return since
end

local reply = {'OK', num(now)}
for i = 5, #ARGV do
  local queue = ARGV[i]
  if redis.call('ZSCORE', K.queues, queue) then
    reply[#reply + 1] = {queue, 'paused', pause(queue), said[4]}
  else
    reply[#reply + 1] = {queue, 'unknown', '', ''}
  end
end
return reply
