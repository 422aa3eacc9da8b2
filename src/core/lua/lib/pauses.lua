-- Paused queues. A pause ends at its time by itself: it is over from then on, whoever looks.

-- Since when the queue is paused, or nil.
local function paused_since(queue)
  local said = redis.call('HMGET', K.queue .. queue, 'paused', 'paused_until')
  if not said[1] or (said[2] and tonumber(said[2]) <= now) then return nil end
  return said[1]
end

-- The rest goes into the event: who, and why.
local function unpause(queue, ...)
  redis.call('HDEL', K.queue .. queue, 'paused', 'paused_until', 'paused_by', 'paused_on', 'paused_why')
  emit('resumed', 'q', queue, ...)
end
