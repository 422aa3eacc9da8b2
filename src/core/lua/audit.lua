-- audit: jobs with all that stands about them elsewhere, for whoever checks that it agrees.
-- KEYS  meta
-- ARGV  ids… (at most 50)
-- reply {now, fence, seq, {fields, places, sets, sizes, lease}…}
--       fields: name, value…, none where there is no record; places: state, score… in its queue
--       sets: scores in expiry, retain, outputs and tombs, '' for none, and 1 for a known queue
--       sizes: of spec, stdin and result (-1 for none), attempts kept, output fields (0 for none)
--       lease: the token and the mail that its worker has for it, '' for none

local STATES = {'SCHEDULED', 'BLOCKED', 'PENDING', 'STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'REVOKED', 'EXPIRED'}
local issued = redis.call('HMGET', K.meta, 'fence', 'seq')
local reply = {num(now), issued[1] or '0', issued[2] or '0'}

local function size(key)
  return redis.call('EXISTS', key) == 1 and redis.call('STRLEN', key) or -1
end

for i = 1, math.min(#ARGV, 50) do
  local id = ARGV[i]
  local fields = redis.call('HGETALL', K.job .. id)
  local facts = redis.call('HMGET', K.job .. id, 'queue', 'worker')
  local queue, worker = facts[1] or '', facts[2] or ''
  local places = {}
  for _, state in ipairs(STATES) do
    local score = redis.call('ZSCORE', index(state, queue), id)
    if score then places[#places + 1] = state; places[#places + 1] = score end
  end
  local function stands(key) return redis.call('ZSCORE', key, id) or '' end
  reply[#reply + 1] = {fields, places,
    {stands(K.expiry .. queue), stands(K.retain), stands(K.outputs), stands(K.tombs),
      redis.call('ZSCORE', K.queues, queue) and 1 or 0},
    {size(K.spec .. id), size(K.stdin .. id), size(K.result .. id), redis.call('LLEN', K.tries .. id), redis.call('HLEN', K.out .. id)},
    {redis.call('HGET', K.held .. worker, id) or '', redis.call('HGET', K.mail .. worker, id) or ''}}
end
return reply
