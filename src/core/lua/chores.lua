-- chores: one slice of the housework, for a caller that wants it done without a worker.
-- KEYS  meta
-- ARGV  queues…
-- reply {'OK', chores_left} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

for _, queue in ipairs(ARGV) do
  sweep_expired(queue)
  mend_chain(queue)
end
retention()
work_chores()
mend()
return {'OK', redis.call('LLEN', K.chores)}
