-- cancel: a job that has not started never will; a running one is marked and its worker told.
-- KEYS  meta
-- ARGV  user, host, why, ids… (at most 100)   who asks for it, and why ('' for no words)
-- reply {'OK', now, {id, 'cancelled'|'cancelling'|'finished'|'unknown', state}…} | {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local who = by('cancelled', ARGV[1], ARGV[2], ARGV[3])
local reply = {'OK', num(now)}
for i = 4, #ARGV do
  local id = ARGV[i]
  local job = load(id)
  local came
  if not job then
    came = {id, 'unknown', ''}
  elseif FINAL[job.state] then
    came = {id, 'finished', job.state}
  else
    came = {id, cancel(id, job, who), job.state}
  end
  reply[#reply + 1] = came
end
return reply
