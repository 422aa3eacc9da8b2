-- log: appends output chunks of a running attempt and drops the ones that fell out of what
-- is kept.
-- KEYS  meta
-- ARGV  id, token, stdout_bytes, stderr_bytes (written so far), chunks, then chunks × (seq,
--       stream, offset, bytes), then seqs to drop
-- reply {'OK'} | {'LOST'} | {'FORMAT', stored}

local id, chunks = ARGV[1], tonumber(ARGV[5])

if wrong_format then return {'FORMAT', stored_format} end
local facts = redis.call('HMGET', K.job .. id, 'state', 'token')
if facts[1] ~= 'STARTED' or facts[2] ~= ARGV[2] then return {'LOST'} end

local key = K.out .. id
local grown = 0
-- Only the job's own bytes count, not the head of a stored chunk.
local function replace(seq, head, bytes)
  local old = redis.call('HGET', key, seq)
  if old then
    local _, skip = string.find(old, '^%d:%d+:')
    grown = grown - (#old - (skip or 0))
  end
  if bytes then
    redis.call('HSET', key, seq, head .. bytes)
    grown = grown + #bytes
  else
    redis.call('HDEL', key, seq)
  end
end
redis.call('HSET', key, 'stdout', ARGV[3], 'stderr', ARGV[4])
for i = 6, 5 + 4 * chunks, 4 do
  replace(ARGV[i], ARGV[i + 1] .. ':' .. ARGV[i + 2] .. ':', ARGV[i + 3])
end
for i = 6 + 4 * chunks, #ARGV do replace(ARGV[i]) end
redis.call('HINCRBY', key, 'bytes', grown)
redis.call('HINCRBY', K.meta, 'out_bytes', grown)
redis.call('HDEL', K.mend, 'out')
redis.call('PUBLISH', K.news .. id, 'o')
return {'OK'}
