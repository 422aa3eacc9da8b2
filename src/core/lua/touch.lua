-- touch: a write that changes nothing, if all these jobs are known here. A WAIT on the same
-- connection speaks of what was written on it, so behind this it covers the jobs, whoever
-- wrote them.
-- KEYS  meta
-- ARGV  ids… (at most 200)
-- reply {'OK', missing…} ids that are not known; then nothing was written | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local reply = {'OK'}
for _, id in ipairs(ARGV) do
  if redis.call('EXISTS', K.job .. id) == 0 and not redis.call('ZSCORE', K.tombs, id) then
    reply[#reply + 1] = id
  end
end
-- What stands there already is replicated like anything else.
if #reply == 1 then redis.call('HSET', K.meta, 'format', FORMAT) end
return reply
