-- audit: jobs with all that stands about them elsewhere, for whoever checks that it agrees.
-- KEYS  meta
-- ARGV  ids… (at most 50)
-- reply {now, fence, seq, {fields, places, sets, labels, sizes, lease}…}
--       fields: name, value…, none where there is no record; places: state, score… in its queue
--       sets: scores in expiry, retain, outputs, inputs, tombs and the chain of its schedule, '' for
--       none, and 1 for a known queue; labels: each of its own, and its score there
--       sizes: of spec, stdin and result (-1 for none), attempts kept, output fields (0 for none)
--       lease: the token and the mail that its worker has for it, '' for none

local STATES = {'SCHEDULED', 'BLOCKED', 'PENDING', 'STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'REVOKED', 'EXPIRED'}
local issued = redis.call('HMGET', K.meta, 'fence', 'seq')
local reply = {num(now), issued[1] or '0', issued[2] or '0'}

local function size(key)
  return redis.call('EXISTS', key) == 1 and look('STRLEN', key) or -1
end

for i = 1, math.min(#ARGV, 50) do
  local id = ARGV[i]
  local fields = look('HGETALL', K.job .. id) or {}
  local facts = look('HMGET', K.job .. id, 'queue', 'worker', 'sched', 'labels') or {}
  local queue, worker = facts[1] or '', facts[2] or ''
  local function stands(key) return look('ZSCORE', key, id) or '' end
  local places, labels = {}, {}
  for _, state in ipairs(STATES) do
    local score = stands(index(state, queue))
    if score ~= '' then places[#places + 1] = state; places[#places + 1] = score end
  end
  for label in labels_in(facts[4] or '') do labels[#labels + 1] = label; labels[#labels + 1] = stands(K.label .. label) end
  reply[#reply + 1] = {fields, places,
    {stands(K.expiry .. queue), stands(K.retain), stands(K.outputs), stands(K.inputs), stands(K.tombs),
      stands(K.chain .. (facts[3] or '')), look('ZSCORE', K.queues, queue) and 1 or 0},
    labels,
    {size(K.spec .. id), size(K.stdin .. id), size(K.result .. id), look('LLEN', K.tries .. id) or 0, look('HLEN', K.out .. id) or 0},
    {look('HGET', K.held .. worker, id) or '', look('HGET', K.mail .. worker, id) or ''}}
end
return reply
