-- list: the next members of one index of several queues, for whoever merges them.
-- KEYS  meta
-- ARGV  index, order ('up' | 'down'), low, high (scores, '(' before them for without), score | '',
--       id, most (at most 100), queues… (at most 20)
--       index: a state, or 'expiry' for never started jobs by when they expire;
--       score and id: the place after which to go on
-- reply {now, {id, score…}…}   one list a queue

local most = math.min(100, tonumber(ARGV[7]))
local reply = {num(now)}
for i = 8, math.min(#ARGV, 27) do
  local key = ARGV[1] == 'expiry' and K.expiry .. ARGV[i] or index(ARGV[1], ARGV[i])
  reply[#reply + 1] = page(key, ARGV[2] == 'down', ARGV[3], ARGV[4], ARGV[5], ARGV[6], most)
end
return reply
