-- appointments: schedules with all that stands about them elsewhere, for whoever checks that it agrees.
-- KEYS  meta
-- ARGV  schedules… (at most 50)
-- reply {now, {fields, definition, listed, due, alarm, source, boots}…}
--       fields: name, value…, none where there is no schedule; definition and listed: 1 or 0; the
--       others: scores in the set of that name, its own source and host, '' for none

local reply = {num(now)}
for i = 1, math.min(#ARGV, 50) do
  local name = ARGV[i]
  local facts = look('HMGET', K.schedule .. name, 'source', 'boot_host') or {}
  local function stands(key) return look('ZSCORE', key, name) or '' end
  reply[#reply + 1] = {look('HGETALL', K.schedule .. name) or {}, redis.call('EXISTS', K.plan .. name),
    stands(K.schedules) ~= '' and 1 or 0, stands(K.due), stands(K.alarms), stands(K.source .. (facts[1] or '')),
    stands(K.boots .. (facts[2] or ''))}
end
return reply
