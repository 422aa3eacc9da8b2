-- Schedules: their state, and the jobs that they make. A definition is JSON that is never
-- read here; what scripts need of it comes with each call, under the hash that was read.

-- A pause as one word: it begins and ends; an end that has not come is a pause of now.
local function pause_word(state)
  return state.paused and state.paused .. ':' .. (state.until_ms or '') or ''
end

local function load_schedule(name)
  local flat = redis.call('HGETALL', K.schedule .. name)
  if #flat == 0 then return nil end
  local state = {}
  for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
  return state
end

-- The ticks that were passed over without a job, as words 'FROM-TO', the newest last, and with
-- them those from the due one to `to`. What an older hole has from the due one on is theirs;
-- what it had before was acted on since.
local function with_hole(state, to)
  local all, due, start = {}, tonumber(state.due), state.due
  for from, ends in string.gmatch(state.holes or '', '(%d+)-(%d+)') do
    if ends == state.last then
      start = from
    elseif tonumber(ends) < due then
      all[#all + 1] = from .. '-' .. ends
    elseif tonumber(ends) > tonumber(to) then
      all[#all + 1] = num(math.max(tonumber(from), tonumber(to) + 1)) .. '-' .. ends
    end
  end
  all[#all + 1] = start .. '-' .. to
  while #all > MAX_HOLES do table.remove(all, 1) end
  return table.concat(all, ' ')
end

-- Whether a tick was acted on before the clock was set back: all up to the newest were, but
-- for those that were passed over.
local function was_acted_on(state, tick)
  if tick > tonumber(state.upto or '0') then return false end
  for from, to in string.gmatch(state.holes or '', '(%d+)-(%d+)') do
    if tonumber(from) <= tick and tick <= tonumber(to) then return false end
  end
  return true
end

-- Takes a schedule out of the books. Jobs that it made go on, and those that wait for them.
local function drop_schedule(name, state)
  redis.call('ZREM', K.schedules, name)
  redis.call('ZREM', K.due, name)
  redis.call('ZREM', K.alarms, name)
  redis.call('ZREM', K.ahead, name)
  redis.call('ZREM', K.source .. state.source, name)
  if state.boot_host then redis.call('ZREM', K.boots .. state.boot_host, name) end
  redis.call('UNLINK', K.plan .. name, K.schedule .. name)
end

-- The jobs of a schedule that have not ended, in the order they were made; the records
-- beside the ids, and nothing that has no record. The newest of them stands in the schedule's
-- book and leads back to the others, should a damaged server have lost their order.
local function unfinished(name, state)
  local id = state.job
  for _ = 1, WAITING_MAX do
    local job = id and not redis.call('ZSCORE', K.chain .. name, id) and load(id)
    if not job or not job.place or job.state == 'SUCCESS' or job.state == 'FAILURE' then break end
    if not FINAL[job.state] then redis.call('ZADD', K.chain .. name, job.place, id) end
    id = job.behind
  end
  local jobs = {}
  for _, id in ipairs(redis.call('ZRANGE', K.chain .. name, 0, WAITING_MAX)) do
    local job = load(id)
    if job and not FINAL[job.state] then jobs[#jobs + 1] = {id = id, job = job} end
  end
  return jobs
end

-- What `overlap` makes of one more job while `earlier` have not ended: nil when it may be
-- made, else why not.
local function overlap_refusal(overlap, earlier)
  if #earlier == 0 then return nil end
  if overlap == 'skip' then return 'the job of an earlier tick has not ended' end
  if overlap == 'queue' and #earlier > WAITING_MAX then return 'too many jobs of earlier ticks wait' end
  return nil
end

-- The refusal of the job's queue, or nil; jobs that it replaces make room.
local function no_room(new, overlap, earlier)
  local jobs, bytes = 1, new.bytes
  for _, old in ipairs(overlap == 'replace' and earlier or {}) do
    if old.job.state ~= 'STARTED' and old.job.queue == new.queue then
      jobs, bytes = jobs - 1, bytes - tonumber(old.job.bytes)
    end
  end
  return full(new.queue, jobs, bytes)
end

-- Makes a job of a schedule; answers whether it has to wait for an earlier one. Under
-- 'replace' what waits goes first, from the newest, so that nothing is released in between.
local function make(name, new, overlap, earlier, who, user, host)
  local waits = #earlier > 0 and overlap ~= 'allow'
  if overlap == 'replace' then
    waits = false
    for i = #earlier, 1, -1 do
      local old = earlier[i]
      if cancel(old.id, old.job, who) == 'cancelling' then waits = true end
    end
  end
  new.sched, new.blocked, new.place = name, waits, num(redis.call('HINCRBY', K.meta, 'seq', 1))
  if waits then new.behind = earlier[#earlier].id end
  redis.call('ZADD', K.chain .. name, new.place, new.id)
  accept(new, user, host)
  grow(new.queue, 1, new.bytes, {[new.task] = 1})
  return waits
end
