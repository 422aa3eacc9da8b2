-- register: writes a worker into the books, or brings its facts up to date.
-- KEYS  meta
-- ARGV  worker, nonce, label, host, pid, boot_id, slots, lease_ms, version, halves, queues…
--       halves: how processes of the same host recognise this worker's, or ''
-- reply {'OK', now} | {'FORMAT', stored}

local worker = ARGV[1]
local queues = {}
for i = 11, #ARGV do queues[#queues + 1] = ARGV[i] end

if wrong_format then return {'FORMAT', stored_format} end

-- Queues that it served before and serves no more.
local before = redis.call('HGET', K.worker .. worker, 'queues') or ''
for queue in string.gmatch(before, '[^ ]+') do redis.call('ZREM', K.serves .. queue, worker) end
if not stored_format then redis.call('HSET', K.meta, 'format', FORMAT) end
local known = redis.call('HGET', K.worker .. worker, 'started')
redis.call('HSET', K.worker .. worker, 'nonce', ARGV[2], 'label', ARGV[3], 'host', ARGV[4], 'pid', ARGV[5],
  'boot', ARGV[6], 'slots', ARGV[7], 'lease', ARGV[8], 'version', ARGV[9], 'halves', ARGV[10],
  'queues', table.concat(queues, ' '), 'started', known or num(now))
redis.call('ZADD', K.workers, 0, worker)
for _, queue in ipairs(queues) do redis.call('ZADD', K.queues, 0, queue) end
beat(worker, 'running')
say_serving(worker, queues)
if not known then emit('joined', 'w', worker, 'h', ARGV[4]) end
return {'OK', num(now)}
