-- census: how many schedules are how, a page of them by name.
-- KEYS  meta
-- ARGV  after ('-' for the first page), late
--       late: milliseconds after which a tick that nobody acts on is overdue
-- reply {now, last | '', active, paused, done, overdue, held_up, without_success, next | '', fired, skipped, missed}
--       last: of a full page, where the next one begins; next: the earliest tick of those that
--       are active; fired, skipped, missed: ticks of all schedules, also of those that are gone

local from = ARGV[1] == '-' and '-' or '(' .. ARGV[1]
local names = redis.call('ZRANGE', K.schedules, from, '+', 'BYLEX', 'LIMIT', 0, CENSUS_PAGE)
local active, paused, done, overdue, held_up, alarmed, soonest = 0, 0, 0, 0, 0, 0, nil
for _, name in ipairs(names) do
  local got = redis.call('HMGET', K.schedule .. name, 'paused', 'until_ms', 'due', 'stuck_at', 'incident', 'done')
  if got[1] and (not got[2] or tonumber(got[2]) > now) then
    paused = paused + 1
  elseif got[6] then
    done = done + 1
  else
    active = active + 1
    local due = tonumber(got[3])
    if due and now - due >= tonumber(ARGV[2]) then overdue = overdue + 1 end
    if due and (not soonest or due < soonest) then soonest = due end
    if got[4] then held_up = held_up + 1 end
  end
  if got[5] then alarmed = alarmed + 1 end
end
local all = redis.call('HMGET', K.meta, 'ticks_fired', 'ticks_skipped', 'ticks_missed')
return {num(now), #names == CENSUS_PAGE and names[#names] or '', active, paused, done, overdue, held_up, alarmed,
  soonest and num(soonest) or '', all[1] or '0', all[2] or '0', all[3] or '0'}
