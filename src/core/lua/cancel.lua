-- cancel: a job that has not started never will; a running one is marked and its worker told.
-- KEYS  meta
-- ARGV  user, host, why ('' for no words), states ('' for any, else joined by commas), ids… (at most 100)
-- reply {'OK', now, {id, 'cancelled'|'cancelling'|'finished'|'other'|'unknown', state}…}
--         other: it is not in one of the states any more
--       {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local who = by('cancelled', ARGV[1], ARGV[2], ARGV[3])
local reply = {'OK', num(now)}
for i = 5, #ARGV do
  local id = ARGV[i]
  local job = catch_up(id, load(id))
  local found = job and job.state or ''
  local came
  if not job then
    came = 'unknown'
  elseif not is_among(shown_state(job), ARGV[4]) then
    came = 'other'
  elseif FINAL[found] then
    came = 'finished'
  else
    came = cancel(id, job, who)
  end
  reply[#reply + 1] = {id, came, found}
end
return reply
