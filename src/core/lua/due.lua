-- due: what a beat has to act on now, and when it has to look again.
-- KEYS  meta
-- ARGV  from, host, boot
--       from: how many due schedules to pass over; host, boot: for what ticks at a boot of it, '' for none
-- reply {now, next | '', {schedule, hash, due | '', pause, stuck_since | ''}…, {schedule, hash, boot | '', pause}…,
--        {schedule, hash, at, 'alert' | 'reminder' | 'recovery', job | '', succeeded | '', incident | ''}…,
--        {schedule, hash, ahead, holes}…}   four lists
--       next: the first time after now at which something is due; ahead: the end of a hole in its
--       ticks that is still to come, because the clock was set back; holes: all, 'FROM-TO' by spaces

local function fields(name, ...) return redis.call('HMGET', K.schedule .. name, 'hash', 'paused', 'until_ms', ...) end
local function pause(got) return got[2] and got[2] .. ':' .. (got[3] or '') or '' end

local ticks, boots, alarms, ahead = {}, {}, {}, {}
for _, name in ipairs(redis.call('ZRANGE', K.due, '-inf', num(now), 'BYSCORE', 'LIMIT', tonumber(ARGV[1]), 100)) do
  local got = fields(name, 'due', 'stuck_at')
  ticks[#ticks + 1] = {name, got[1] or '', got[4] or '', pause(got), got[5] or ''}
end
if ARGV[3] ~= '' then
  for _, name in ipairs(redis.call('ZRANGE', K.boots .. ARGV[2], 0, 199)) do
    local got = fields(name, 'boot')
    if got[4] ~= ARGV[3] then boots[#boots + 1] = {name, got[1] or '', got[4] or '', pause(got)} end
  end
end
local late = redis.call('ZRANGE', K.alarms, '-inf', num(now), 'BYSCORE', 'LIMIT', 0, 20, 'WITHSCORES')
for i = 1, #late, 2 do
  local got = fields(late[i], 'incident', 'recovered', 'job', 'succeeded')
  local event = not got[4] and 'alert' or got[5] and 'recovery' or 'reminder'
  alarms[#alarms + 1] = {late[i], got[1] or '', late[i + 1], event, got[6] or '', got[7] or '', got[4] or ''}
end
local back = redis.call('ZRANGE', K.ahead, '(' .. num(now + AHEAD_MS), '+inf', 'BYSCORE', 'LIMIT', 0, 20, 'WITHSCORES')
for i = 1, #back, 2 do
  local got = fields(back[i], 'holes')
  ahead[#ahead + 1] = {back[i], got[1] or '', back[i + 1], got[4] or ''}
end
local after = redis.call('ZRANGE', K.due, '(' .. num(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
return {num(now), after[2] or '', ticks, boots, alarms, ahead}
