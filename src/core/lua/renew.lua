-- renew: keeps all leases of a worker and asks for its mail; a slice of housework too.
-- KEYS  meta
-- ARGV  worker, nonce, mode, peers_after, full, held, then held × (id, token), then queues…
-- reply {'OK', now, lost, mail, peers}   lost: ids whose token is not theirs any more
--       {'UNKNOWN'} | {'FORMAT', stored}

local worker, nonce, held = ARGV[1], ARGV[2], tonumber(ARGV[6])

if wrong_format then return {'FORMAT', stored_format} end
if redis.call('HGET', K.worker .. worker, 'nonce') ~= nonce then return {'UNKNOWN'} end

beat(worker, ARGV[3])
local lost = {}
for i = 7, 6 + 2 * held, 2 do
  if redis.call('HGET', K.held .. worker, ARGV[i]) ~= ARGV[i + 1] then lost[#lost + 1] = ARGV[i] end
end
local queues = {}
for i = 7 + 2 * held, #ARGV do queues[#queues + 1] = ARGV[i] end
if ARGV[5] == '1' then say_serving(worker, queues) end
for _, queue in ipairs(queues) do sweep_expired(queue) end
retention()
work_chores()
return {'OK', num(now), lost, redis.call('HGETALL', K.mail .. worker), peers(ARGV[4])}
