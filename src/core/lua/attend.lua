-- attend: a beat says that it is there, and learns who leads. The leader acts when a tick is
-- due, the others a little later on what is left: that is all leading means.
-- KEYS  meta
-- ARGV  beat, host, pid, version, boot, drift, sources…
--       drift: sources whose file differs from what stands here, joined by spaces
-- reply {'OK', now, leader, {source, hash | '', user, host, at}…} | {'FORMAT', stored}

local beat_id = ARGV[1]

if wrong_format then return {'FORMAT', stored_format} end

if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
local key = K.beat .. beat_id
local started = redis.call('HGET', key, 'started') or num(now)
redis.call('HSET', key, 'host', ARGV[2], 'pid', ARGV[3], 'version', ARGV[4], 'boot', ARGV[5], 'drift', ARGV[6],
  'started', started, 'seen', num(now))
redis.call('ZADD', K.beats, num(now), beat_id)
-- Only for people: a beat holds nothing that its absence could cost.
for _, gone in ipairs(redis.call('ZRANGE', K.beats, '-inf', num(now - FORGET_BEAT_MS), 'BYSCORE', 'LIMIT', 0, 10)) do
  redis.call('ZREM', K.beats, gone)
  redis.call('UNLINK', K.beat .. gone)
end
local lead = redis.call('HMGET', K.meta, 'leader', 'leader_at')
local age = now - tonumber(lead[2] or '0')
if not lead[1] or lead[1] == beat_id or age > LEAD_MS or age < 0 then
  lead[1] = beat_id
  redis.call('HSET', K.meta, 'leader', beat_id, 'leader_at', num(now))
end
local reply = {'OK', num(now), lead[1]}
for i = 7, #ARGV do
  local facts = redis.call('HMGET', K.origin .. ARGV[i], 'hash', 'user', 'host', 'at')
  reply[#reply + 1] = {ARGV[i], facts[1] or '', facts[2] or '', facts[3] or '', facts[4] or ''}
end
return reply
