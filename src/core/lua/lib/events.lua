-- The stream of events (docs/events.md): who changed what, for people and other programs. An
-- event is added by the script that makes the change, so neither is ever seen alone.

-- Adds one event: its kind, then field, value… in pairs. What is nil or '' is left out.
local function emit(kind, ...)
  local bound = stored_meta[2] or MAX_EVENTS
  if bound == '0' then return end
  local pairs_given = {...}
  local entry, size = {K.events, 'MAXLEN', '~', bound, '*', 'k', kind}, 7
  for i = 2, select('#', ...), 2 do
    local value = pairs_given[i]
    if value and value ~= '' then
      entry[size + 1], entry[size + 2] = pairs_given[i - 1], value
      size = size + 2
    end
  end
  redis.call('XADD', unpack(entry))
end

-- Who asks for something, and why; `words` is what a job's record says of it.
local function by(what, user, host, why)
  return {user = user, host = host, words = what .. ' by ' .. user .. '@' .. host .. (why == '' and '' or ': ' .. why)}
end

-- An event of a job.
local function tell(kind, id, job, ...)
  emit(kind, 'id', id, 'q', job.queue, 't', job.task, ...)
end

-- An event of a job's running attempt.
local function tell_run(kind, id, job, ...)
  tell(kind, id, job, 'n', job.attempts, 'w', job.worker, 'h', job.host, ...)
end
