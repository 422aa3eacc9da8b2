-- retry: finished jobs run again: the same id and spec, all counters from zero.
-- KEYS  meta
-- ARGV  user, host, why, word, states ('' for any, else joined by commas), ids… (at most 100)
--       word: a new one for each asking; the same again (after a lost reply) changes nothing
-- reply {'OK', now, {id, 'retried'|'unfinished'|'other'|'no_input'|'full'|'unknown', state}…}
--         other: it is not in one of the states any more; no_input: what it read is not kept
--       {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local GONE = {'failures', 'losses', 'blame', 'snoozes', 'releases', 'attempts', 'outcome', 'detail', 'error', 'reason',
  'finished', 'started', 'worker', 'host', 'cut', 'refused', 'refusals', 'percent', 'message'}

local function again(id, job, who)
  release_input(id)
  redis.call('ZREM', K.retain, id)
  redis.call('ZREM', K.outputs, id)
  redis.call('HDEL', K.job .. id, unpack(GONE))
  job.seq = nil
  -- What a schedule made waits for what the same schedule made before.
  local chain = job.sched and K.chain .. job.sched
  if chain then
    local last, place = redis.call('ZRANGE', chain, -1, -1)[1], num(redis.call('HINCRBY', K.meta, 'seq', 1))
    redis.call('ZADD', chain, place, id)
    redis.call('HDEL', K.job .. id, 'behind')
    redis.call('HSET', K.job .. id, 'place', place)
    if last then redis.call('HSET', K.job .. id, 'behind', last) end
  end
  if chain and redis.call('ZRANGE', chain, 0, 0)[1] ~= id then
    move(id, job.queue, job.state, 'BLOCKED', num(now))
  else
    to_pending(id, job, job.state)
  end
  redis.call('HSET', K.job .. id, 'redo', ARGV[4])
  redis.call('HINCRBY', K.queue .. job.queue, 'bytes', job.bytes)
  ring(job.queue)
  tell('retried', id, job, 'u', who.user, 'h', who.host, 'r', who.words)
end

local who = by('retried', ARGV[1], ARGV[2], ARGV[3])
local reply = {'OK', num(now)}
for i = 6, #ARGV do
  local id = ARGV[i]
  local job = catch_up(id, load(id))
  local came
  if not job then
    came = 'unknown'
  elseif job.redo == ARGV[4] then
    came = 'retried'
  elseif not is_among(shown_state(job), ARGV[5]) then
    came = 'other'
  elseif not FINAL[job.state] then
    came = 'unfinished'
  elseif not is_whole(id, job) then
    came = 'no_input'
  elseif fullness(job.queue, 1, tonumber(job.bytes)) then
    came = 'full'
  else
    again(id, job, who)
    came = 'retried'
  end
  reply[#reply + 1] = {id, came, job and job.state or ''}
end
return reply
