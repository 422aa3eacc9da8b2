-- members: a page of a sorted set of ids, each with what its record says, or some of them.
-- KEYS  meta
-- ARGV  set, last ('retain', ''), 'page', score | '', id    after the place (score, id)
--       set, last, 'these', ids…                            at most 100
--       set: 'index' (last: STATE:QUEUE), 'expiry' (last: queue), 'label' (last: label), 'chain' (last:
--       schedule), 'retain', 'outputs', 'inputs', 'tombs'
-- reply {now, {id, score | '', state | '', queue, bytes, labels | schedule, first}…}
--       labels of a record in 'label', its schedule in 'chain'; first: 1 for the first of a chain

local SETS = {index = K.index, expiry = K.expiry, label = K.label, chain = K.chain, retain = K.retain, outputs = K.outputs,
  inputs = K.inputs, tombs = K.tombs}
local key, is_chain = SETS[ARGV[1]] .. ARGV[2], ARGV[1] == 'chain'
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
  local id = found[i]
  local own = is_chain and 'sched' or ARGV[1] == 'label' and 'labels' or 'absent'
  local facts = look('HMGET', K.job .. id, 'state', 'queue', 'bytes', own) or {}
  reply[#reply + 1] = {id, found[i + 1], facts[1] or '', facts[2] or '', facts[3] or '0', facts[4] or '',
    is_chain and redis.call('ZRANK', key, id) == 0 and 1 or 0}
end
return reply
