-- beats: the beats that were there lately.
-- KEYS  meta
-- ARGV  most (at most 100)
-- reply {now, leader | '', schedules, {beat, host, pid, version, started, seen, drift}…}   newest first

local lead = redis.call('HGET', K.meta, 'leader')
local reply = {num(now), lead or '', redis.call('ZCARD', K.schedules)}
for _, id in ipairs(redis.call('ZRANGE', K.beats, 0, math.min(100, tonumber(ARGV[1])) - 1, 'REV')) do
  local got = redis.call('HMGET', K.beat .. id, 'host', 'pid', 'version', 'started', 'seen', 'drift')
  reply[#reply + 1] = {id, got[1] or '', got[2] or '', got[3] or '', got[4] or '', got[5] or '', got[6] or ''}
end
return reply
