-- schedules: schedules in full, a page of all by name or the ones that are named.
-- KEYS  meta
-- ARGV  after ('-' for the first page) | '=', schedules… (at most 50)
-- reply {now, {schedule, definition, fields, unfinished, oldest | '', its state | ''} | false …}   fields: name, value…
--       unfinished: jobs that it made and that have not ended; oldest: the first of them

local names = {}
if ARGV[1] == '=' then
  for i = 2, #ARGV do names[#names + 1] = ARGV[i] end
else
  local from = ARGV[1] == '-' and '-' or '(' .. ARGV[1]
  names = redis.call('ZRANGE', K.schedules, from, '+', 'BYLEX', 'LIMIT', 0, 50)
end
local reply = {num(now)}
for i, name in ipairs(names) do
  local fields = redis.call('HGETALL', K.schedule .. name)
  if #fields == 0 then
    reply[i + 1] = false
  else
    local oldest = redis.call('ZRANGE', K.chain .. name, 0, 0)[1]
    reply[i + 1] = {name, redis.call('GET', K.plan .. name) or '', fields, redis.call('ZCARD', K.chain .. name),
      oldest or '', oldest and redis.call('HGET', K.job .. oldest, 'state') or ''}
  end
end
return reply
