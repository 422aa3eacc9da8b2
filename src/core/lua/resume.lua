-- resume: these queues are paused no longer.
-- KEYS  meta
-- ARGV  user, host, why, queues… (at most 100)
-- reply {'OK', now, {queue, 'resumed'|'running'|'unknown'}…}   running: it was not paused
--       {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local reply = {'OK', num(now)}
for i = 4, #ARGV do
  local queue = ARGV[i]
  local came = 'unknown'
  if paused_since(queue) then
    unpause(queue, 'u', ARGV[1], 'h', ARGV[2], 'r', ARGV[3])
    ring(queue)
    came = 'resumed'
  elseif redis.call('ZSCORE', K.queues, queue) then
    came = 'running'
  end
  reply[#reply + 1] = {queue, came}
end
return reply
