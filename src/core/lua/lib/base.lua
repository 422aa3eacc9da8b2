-- Shared by every script. Put in front of it: the table K of keys (core/keys.rs), FORMAT and
-- the other constants (core/script.rs), and `now_us` (clock.lua, clock_read.lua).

local now = math.floor(now_us / 1000)

-- Lua prints numbers with 14 digits; fences and scores have 16.
local function num(value)
  return string.format('%.0f', value)
end

-- The format of the stored data, or nil in an untouched namespace; what bounds the events; and
-- whether the books were found torn.
local stored_meta = redis.call('HMGET', K.meta, 'format', 'events', 'torn')
local stored_format = stored_meta[1]
local wrong_format = stored_format and stored_format ~= FORMAT

-- A job's state fields as a table, or nil. The spec is a key of its own, so this is small.
local function load(id)
  local flat = redis.call('HGETALL', K.job .. id)
  if #flat == 0 then return nil end
  local job = {}
  for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
  return job
end

-- Whether all that a job needs to run is there: what it weighs was counted when it came.
local function is_whole(id, job)
  local weight = redis.call('STRLEN', K.spec .. id) + redis.call('STRLEN', K.stdin .. id)
  return weight == tonumber(job.bytes or '0')
end

-- The labels of a job, one after the other.
local function labels_in(joined)
  return string.gmatch(joined, '[^%z]+')
end

local FINAL = {SUCCESS = true, FAILURE = true, REVOKED = true, EXPIRED = true}

local function index(state, queue)
  return K.index .. state .. ':' .. queue
end

-- The state as people see it: what is due is PENDING, what is too late EXPIRED.
local function shown_state(job)
  local waits = job.state == 'SCHEDULED' or job.state == 'RETRY'
  local state = waits and tonumber(job.due) <= now and 'PENDING' or job.state
  local late = job.expires and tonumber(job.expires) <= now
  return late and (state == 'SCHEDULED' or state == 'PENDING' or state == 'BLOCKED') and 'EXPIRED' or state
end

-- Whether a state is one of a list, joined by commas; all are where it is ''.
local function is_among(state, list)
  return list == '' or string.find(',' .. list .. ',', ',' .. state .. ',', 1, true) ~= nil
end

-- A time as callers say it: '+MS' from now, '@MS' since the epoch, '' for none.
local function instant(text)
  if text == '' then return nil end
  local value = tonumber(string.sub(text, 2))
  return string.sub(text, 1, 1) == '+' and now + value or value
end

-- A limit: what an operator said, 'none' included, goes before what a worker's file says.
local function bound(said, file)
  return tonumber(said or file or '')
end

-- Unfinished jobs of a queue: what max_depth bounds.
local function depth(queue)
  local sum = 0
  for _, state in ipairs({'PENDING', 'SCHEDULED', 'RETRY', 'BLOCKED', 'STARTED'}) do
    sum = sum + redis.call('ZCARD', index(state, queue))
  end
  return sum
end

-- Whether so many more jobs and bytes are too much for a queue: nil, or what is full, how much
-- it has and how much it may have.
local function fullness(queue, jobs, bytes)
  local all = redis.call('HMGET', K.queue .. queue, 'max_depth', 'file_max_depth', 'max_bytes', 'file_max_bytes', 'bytes')
  local most, most_bytes, used = bound(all[1], all[2]), bound(all[3], all[4]), tonumber(all[5] or '0')
  local have = most and depth(queue)
  if most and have + jobs > most then return 'depth', num(have), num(most) end
  if most_bytes and used + bytes > most_bytes then return 'bytes', num(used), num(most_bytes) end
  return nil
end

-- Workers that said lately that they serve the queue.
local function live_workers(queue)
  return redis.call('ZCOUNT', K.serves .. queue, num(now - LIVE_MS), '+inf')
end
