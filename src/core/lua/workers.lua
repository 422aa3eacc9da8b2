-- workers: a page of registered workers.
-- KEYS  meta
-- ARGV  after ('-' for the first page)
-- reply {now, {worker, held, fields}…}   fields: name, value…

local from = ARGV[1] == '-' and '-' or '(' .. ARGV[1]
local reply = {num(now)}
for _, worker in ipairs(redis.call('ZRANGE', K.workers, from, '+', 'BYLEX', 'LIMIT', 0, 50)) do
  local facts = redis.call('HMGET', K.worker .. worker, 'label', 'host', 'pid', 'queues', 'slots', 'mode', 'started', 'seen', 'version')
  reply[#reply + 1] = {worker, redis.call('HLEN', K.held .. worker), facts}
end
return reply
