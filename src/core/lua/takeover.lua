-- takeover: the jobs of a worker that the caller has itself watched stand still. No clock
-- of any machine decides: the counter must still be the one that stood still for
-- `stood_ms` on the caller's monotonic clock. A claim by the watched worker moves its
-- counter, so an unmoved counter also covers the token of every job it holds.
-- KEYS  meta
-- ARGV  watched worker, its nonce, its counter, stood_ms, bury_ms, taker (a worker)
--       bury_ms: how long a worker without jobs must have stood still to leave the books
-- reply {'OK', lost, still_held, buried} | {'MOVED'} | {'FORMAT', stored}

local worker, stood = ARGV[1], tonumber(ARGV[4])

if wrong_format then return {'FORMAT', stored_format} end
local facts = redis.call('HMGET', K.worker .. worker, 'nonce', 'counter', 'lease', 'host')
if (facts[1] or '') ~= ARGV[2] or (facts[2] or '0') ~= ARGV[3] then return {'MOVED'} end

-- A worker whose record is gone has no lease of its own to wait for: DEFAULT_LEASE_MS.
local lost = lose_held(worker, facts[3] or DEFAULT_LEASE_MS, stood, 'worker_lost')
local left = redis.call('HLEN', K.held .. worker)
-- A worker without a record has nothing to come back to, and registers anew if it lives.
local buried = left == 0 and (not facts[1] or stood >= tonumber(ARGV[5]))
if lost > 0 then emit('takeover', 'w', worker, 'h', facts[4], 'c', lost, 'by', ARGV[6]) end
if buried then
  bury(worker)
  emit('buried', 'w', worker, 'h', facts[4], 'by', ARGV[6])
end
return {'OK', lost, left, buried and 1 or 0}
