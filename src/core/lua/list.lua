-- list: the next members of one index of several queues, or of several labels, for whoever
-- merges them.
-- KEYS  meta
-- ARGV  index, order ('up' | 'down'), low, high (scores, '(' before them for without), score | '',
--       id, most (at most 100), queues or labels (KEY=VALUE)… (at most 20)
--       index: a state, 'expiry' for never started jobs by when they expire, or 'label' for jobs
--       with a label by when they were enqueued; score and id: the place after which to go on
-- reply {now, {id, score…}…}   one list a queue or label

local FAMILY = {expiry = K.expiry, label = K.label}
local family = FAMILY[ARGV[1]] or index(ARGV[1], '')
local most = math.min(100, tonumber(ARGV[7]))
local reply = {num(now)}
for i = 8, math.min(#ARGV, 27) do
  reply[#reply + 1] = page(family .. ARGV[i], ARGV[2] == 'down', ARGV[3], ARGV[4], ARGV[5], ARGV[6], most)
end
return reply
