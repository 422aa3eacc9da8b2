-- plans: definitions of schedules.
-- KEYS  meta
-- ARGV  schedules… (at most 100)
-- reply {now, {hash, definition, times, due | '', source, pause} | false …}

local reply = {num(now)}
for i, name in ipairs(ARGV) do
  local got = redis.call('HMGET', K.schedule .. name, 'hash', 'times', 'due', 'source', 'paused', 'until_ms')
  reply[i + 1] = got[1] and {got[1], redis.call('GET', K.plan .. name) or '', got[2] or '', got[3] or '', got[4] or '',
    got[5] and got[5] .. ':' .. (got[6] or '') or ''} or false
end
return reply
