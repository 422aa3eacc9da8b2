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

local FINAL = {SUCCESS = true, FAILURE = true, REVOKED = true, EXPIRED = true}

local function index(state, queue)
  return K.index .. state .. ':' .. queue
end

-- Unfinished jobs of a queue: what max_depth bounds.
local function depth(queue)
  local sum = 0
  for _, state in ipairs({'PENDING', 'SCHEDULED', 'RETRY', 'BLOCKED', 'STARTED'}) do
    sum = sum + redis.call('ZCARD', index(state, queue))
  end
  return sum
end

-- Workers that said lately that they serve the queue.
local function live_workers(queue)
  return redis.call('ZCOUNT', K.serves .. queue, num(now - LIVE_MS), '+inf')
end
