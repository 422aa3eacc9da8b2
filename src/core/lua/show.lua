-- show: jobs in full.
-- KEYS  meta
-- ARGV  ids… (at most 100)
-- reply {now, {fields, spec, tries, totals, workers, result | false} | false …}
--       fields and totals: name, value…; totals: stdout, stderr, bytes

local reply = {num(now)}
for i, id in ipairs(ARGV) do
  local fields = redis.call('HGETALL', K.job .. id)
  if #fields == 0 then
    reply[i + 1] = false
  else
    local queue = redis.call('HGET', K.job .. id, 'queue')
    reply[i + 1] = {fields, redis.call('GET', K.spec .. id), redis.call('LRANGE', K.tries .. id, 0, -1),
      redis.call('HMGET', K.out .. id, 'stdout', 'stderr', 'bytes'), live_workers(queue),
      redis.call('GET', K.result .. id)}
  end
end
return reply
