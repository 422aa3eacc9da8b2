-- renew: keeps all leases of a worker and asks for its mail; a slice of housework too.
-- KEYS  meta
-- ARGV  worker, nonce, mode, peers_after, full, holds, held, then held × (id, token), then queues…
--       holds: how many jobs the worker knows that it holds
-- reply {'OK', now, lost, mail, peers, strange, mended}
--         lost: ids whose token is not theirs any more; what this worker runs and the server, gone
--               back to an older state, has as waiting is not lost: it is STARTED again
--         strange: {id, token…} that the books say it holds, where they say more than `holds`
--         mended: how much of the books was torn and is whole now
--       {'UNKNOWN'} | {'FORMAT', stored}

local worker, nonce, held = ARGV[1], ARGV[2], tonumber(ARGV[7])

if wrong_format then return {'FORMAT', stored_format} end
if redis.call('HGET', K.worker .. worker, 'nonce') ~= nonce then return {'UNKNOWN'} end

beat(worker, ARGV[3])
local lost = {}
for i = 8, 7 + 2 * held, 2 do
  local id, token = ARGV[i], ARGV[i + 1]
  if redis.call('HGET', K.held .. worker, id) ~= token then
    local facts = redis.call('HMGET', K.job .. id, 'state', 'token')
    if facts[1] == 'STARTED' and facts[2] == token then
      -- The server lost the book and not the job: nobody else can have started it.
      redis.call('HSET', K.held .. worker, id, token)
      mended('ran and was held by nobody', id)
    elseif not adopt(id, token, worker, nonce) then
      lost[#lost + 1] = id
    end
  end
end
local strange = {}
if redis.call('HLEN', K.held .. worker) > tonumber(ARGV[6]) then
  strange = redis.call('HRANDFIELD', K.held .. worker, 64, 'WITHVALUES')
end
local queues = {}
for i = 8 + 2 * held, #ARGV do queues[#queues + 1] = ARGV[i] end
if ARGV[5] == '1' then say_serving(worker, queues) end
for _, queue in ipairs(queues) do
  sweep_expired(queue)
  mend_chain(queue)
end
retention()
work_chores()
mend_in_turn(ARGV[4])
return {'OK', num(now), lost, redis.call('HGETALL', K.mail .. worker), peers(ARGV[4], worker), strange, mended_now}
