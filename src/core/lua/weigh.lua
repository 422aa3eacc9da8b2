-- weigh: kept output, as it is counted and as it is. Ends early after a mebibyte of it.
-- KEYS  meta
-- ARGV  ids… (at most 50)
-- reply {now, {id, counted, bytes}…}   counted: what its own sum says; bytes: of all its chunks

local reply, total = {num(now)}, 0
for i = 1, math.min(#ARGV, 50) do
  local out = look('HGETALL', K.out .. ARGV[i]) or {}
  local counted, bytes = '0', 0
  for at = 1, #out, 2 do
    if out[at] == 'bytes' then
      counted = out[at + 1]
    elseif tonumber(out[at]) then
      local _, head = string.find(out[at + 1], '^%d:%d+:')
      bytes = bytes + #out[at + 1] - (head or 0)
    end
  end
  reply[#reply + 1] = {ARGV[i], counted, bytes}
  total = total + bytes
  if total > 1048576 then break end
end
return reply
