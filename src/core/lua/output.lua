-- output: the output chunks of a job after a sequence number, in order, at most 64.
-- KEYS  meta
-- ARGV  id, after
-- reply {now, state | '', attempts, due | '', expires | '', {stdout, stderr}, more, {seq, 'STREAM:OFFSET:BYTES'}…}
--       state is '' when there is no such job; totals are false before the first output

local id, after = ARGV[1], tonumber(ARGV[2])
local facts = redis.call('HMGET', K.job .. id, 'state', 'attempts', 'due', 'expires')
if not facts[1] then return {num(now), ''} end
local seqs = {}
for _, field in ipairs(redis.call('HKEYS', K.out .. id)) do
  local seq = tonumber(field)
  if seq and seq > after then seqs[#seqs + 1] = seq end
end
table.sort(seqs)
local reply = {num(now), facts[1], facts[2] or '0', facts[3] or '', facts[4] or '',
  redis.call('HMGET', K.out .. id, 'stdout', 'stderr'), #seqs > 64 and 1 or 0}
for i = 1, math.min(#seqs, 64) do
  reply[#reply + 1] = {num(seqs[i]), redis.call('HGET', K.out .. id, num(seqs[i]))}
end
return reply
