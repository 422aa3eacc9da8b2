-- kinds: what kinds of keys these are, and whether they vanish by themselves.
-- KEYS  meta
-- ARGV  keys… (at most 200)
-- reply {now, {type, milliseconds to live (-1 for ever, -2 gone)}…}

local reply = {num(now)}
for i = 1, math.min(#ARGV, 200) do
  reply[#reply + 1] = {redis.call('TYPE', ARGV[i]).ok, redis.call('PTTL', ARGV[i])}
end
return reply
