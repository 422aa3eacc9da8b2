-- delete: the records of finished jobs go now. Their ids stay known as long as they would have.
-- KEYS  meta
-- ARGV  user, host, why, states ('' for any, else joined by commas), ids… (at most 100)
-- reply {'OK', now, {id, 'deleted'|'gone'|'unfinished'|'other'|'unknown', state}…}
--         gone: its record went earlier; other: it is not in one of the states any more
--       {'FORMAT', stored}

if wrong_format then return {'FORMAT', stored_format} end

local who = by('deleted', ARGV[1], ARGV[2], ARGV[3])
local reply = {'OK', num(now)}
for i = 5, #ARGV do
  local id = ARGV[i]
  local job = catch_up(id, load(id))
  local came
  if not job then
    came = redis.call('ZSCORE', K.tombs, id) and 'gone' or 'unknown'
  elseif not is_among(shown_state(job), ARGV[4]) then
    came = 'other'
  elseif not FINAL[job.state] then
    came = 'unfinished'
  else
    forget(id, job, 'u', who.user, 'h', who.host, 'r', who.words)
    came = 'deleted'
  end
  reply[#reply + 1] = {id, came, job and job.state or ''}
end
return reply
