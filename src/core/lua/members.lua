-- members: a page of a sorted set of ids, each with what its record says, or some of them.
-- KEYS  meta
-- ARGV  set, last ('retain', ''), 'page', score | '', id    after the place (score, id)
--       set, last, 'these', ids…                            at most 100
--       set: 'index' (last: STATE:QUEUE), 'expiry' (last: queue), 'retain', 'outputs', 'tombs'
-- reply {now, {id, score | '', state | '', queue, bytes}…}

local SETS = {index = K.index, expiry = K.expiry, retain = K.retain, outputs = K.outputs, tombs = K.tombs}
local key = SETS[ARGV[1]] .. ARGV[2]
local reply, found = {num(now)}, {}
if ARGV[3] == 'page' then
  found = page(key, false, '-inf', '+inf', ARGV[4], ARGV[5], 100)
else
  for i = 4, math.min(#ARGV, 103) do
    found[#found + 1] = ARGV[i]
    found[#found + 1] = redis.call('ZSCORE', key, ARGV[i]) or ''
  end
end
for i = 1, #found, 2 do
  local facts = redis.call('HMGET', K.job .. found[i], 'state', 'queue', 'bytes')
  reply[#reply + 1] = {found[i], found[i + 1], facts[1] or '', facts[2] or '', facts[3] or '0'}
end
return reply
