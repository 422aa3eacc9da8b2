-- handback: what a dead worker held goes back. Its surviving half asks, its successor, or a
-- neighbour on its machine that saw both halves dead. The nonce says which worker is meant, as
-- it was when it died. The trees are dead before this is called.
-- KEYS  meta
-- ARGV  worker, nonce
-- reply {'OK', lost, still_held} repeat while still_held > 0; {'FORMAT', stored}

local worker = ARGV[1]

if wrong_format then return {'FORMAT', stored_format} end
if redis.call('HGET', K.worker .. worker, 'nonce') ~= ARGV[2] then return {'OK', 0, 0} end

local lost = lose_held(worker, '0', math.huge, 'worker_lost')
local left = redis.call('HLEN', K.held .. worker)
local host = redis.call('HGET', K.worker .. worker, 'host')
if lost > 0 then emit('handback', 'w', worker, 'h', host, 'c', lost) end
if left == 0 then
  bury(worker)
  emit('left', 'w', worker, 'h', host)
end
return {'OK', lost, left}
