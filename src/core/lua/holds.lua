-- holds: jobs that a worker holds or has mail about, each with what its record says.
-- KEYS  meta
-- ARGV  'held' | 'mail', worker, cursor ('0' to begin)
-- reply {now, next cursor ('0' at the end), registered, {id, value, state | '', token, worker}…}
--       value: the token, or the request

local key = (ARGV[1] == 'mail' and K.mail or K.held) .. ARGV[2]
local found = redis.call('HSCAN', key, ARGV[3], 'COUNT', 100)
local reply = {num(now), found[1], redis.call('ZSCORE', K.workers, ARGV[2]) and 1 or 0}
for i = 1, #found[2], 2 do
  local id = found[2][i]
  local facts = look('HMGET', K.job .. id, 'state', 'token', 'worker') or {}
  reply[#reply + 1] = {id, found[2][i + 1], facts[1] or '', facts[2] or '', facts[3] or ''}
end
return reply
