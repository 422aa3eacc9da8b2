-- stats: statistics of queues or tasks as they are stored: what stands in their books, and the
-- lines that do not yet.
-- KEYS  meta
-- ARGV  kind ('queue' | 'task'), unit ('minute' | 'hour'), back, names… (at most 20)
--       back: so many units before the present one are wanted
-- reply {now, lines, {name, ready | '', slots, total}…}   slots, total: as lib/tally.lua lays them out;
--         ready: since when the longest waiting of a queue's pending jobs could run, of those that
--         are next in their priority
--       {now, lines, name…} without names: all that have a book

local kind, unit, back = ARGV[1], ARGV[2] == 'hour' and 3600000 or 60000, tonumber(ARGV[3])
local SLOT, MINUTES, HOURS = 284, 64, 49

-- Equal priorities stand together, so one look at the head of each is enough.
local function longest_waiting(queue)
  local key, from, ready = index('PENDING', queue), '-inf', nil
  for _ = 1, 201 do
    local head = redis.call('ZRANGE', key, from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if not head[1] then break end
    local since = redis.call('HMGET', K.job .. head[1], 'ready', 'enq')
    since = tonumber(since[1] or since[2] or '')
    if since and (not ready or since < ready) then ready = since end
    from = num((math.floor(tonumber(head[2]) / SEQ_SPAN) + 1) * SEQ_SPAN)
  end
  return ready and num(ready) or ''
end

local reply = {num(now), redis.call('LRANGE', K.tally, 0, -1)}
if #ARGV == 3 then
  for _, name in ipairs(redis.call('ZRANGE', K.counted .. kind, 0, -1)) do reply[#reply + 1] = name end
  return reply
end
local newest = math.floor(now / unit)
local first, count = unit == 60000 and 0 or MINUTES, unit == 60000 and MINUTES or HOURS
for i = 4, math.min(#ARGV, 23) do
  local book, slots = redis.call('GET', K.stats .. kind .. ':' .. ARGV[i]) or '', {}
  for place = first, first + count - 1 do
    local at = place * SLOT + 1
    local stamp = #book > at + SLOT and struct.unpack('>I4', book, at) or 0
    if stamp >= newest - back and stamp <= newest then slots[#slots + 1] = string.sub(book, at, at + SLOT - 1) end
  end
  reply[#reply + 1] = {ARGV[i], kind == 'queue' and longest_waiting(ARGV[i]) or '', table.concat(slots),
    string.sub(book, (MINUTES + HOURS) * SLOT + 1)}
end
return reply
