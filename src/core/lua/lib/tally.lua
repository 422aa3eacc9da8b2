-- Statistics of queues and tasks. Whatever happens is one line at the end of a short list; the
-- script that makes it long enough adds all its lines to the books, so that a job pays for two
-- or three short writes and no more.
--
-- A book is a string of fixed length, a row of numbers (core/stats.rs reads it): 64 slots of a
-- minute and 49 of an hour, each the minute or hour it is for (0 for none), ten counters, two
-- histograms (u32 each) and the milliseconds waited and run in all (u64); then the minute in
-- which the book was begun and the same sums since, as u64. Bucket k counts times of at most
-- 2^k ms, the last one all others.

-- Adds the lines to the books of their queues and tasks.
local function add_to_books()
  local MINUTES, HOURS, COUNTERS, BUCKETS = 64, 49, 10, 28
  local CELL = {enqueued = 1, SUCCESS = 2, FAILURE = 3, REVOKED = 4, EXPIRED = 5, failed = 6, retried = 7, lost = 8,
    snoozed = 9, released = 10}
  local CELLS = COUNTERS + 2 * BUCKETS
  local NARROW, WIDE = '>' .. string.rep('I4', 1 + CELLS) .. 'I8I8', '>' .. string.rep('I8', CELLS + 3)
  local SLOT, TOTAL = 4 * (1 + CELLS) + 16, 8 * (CELLS + 3)
  local TOTAL_AT = SLOT * (MINUTES + HOURS)
  -- Names have no '~': there is counted whatever is one too many.
  local MAX_BOOKS, OTHERS = 500, '~other'

  -- The cells of what happened in one minute, queue and task, summed.
  local happened = {}
  for _, line in ipairs(redis.call('LPOP', K.tally, 64)) do
    local what, where, ms = string.match(line, '^(%a+) (.+) (%S+)$')
    local cells = happened[where]
    if not cells then
      cells = {}
      happened[where] = cells
    end
    local cell = CELL[what]
    ms = tonumber(ms)
    if cell then cells[cell] = (cells[cell] or 0) + (what == 'enqueued' and ms or 1) end
    if ms and what ~= 'enqueued' then
      local half, power = math.frexp(ms)
      if half == 0.5 then power = power - 1 end
      local histogram = cell and 1 or 0
      local bucket = COUNTERS + histogram * BUCKETS + math.min(math.max(power, 0), BUCKETS - 1) + 1
      cells[bucket] = (cells[bucket] or 0) + 1
      local total = CELLS + histogram + 1
      cells[total] = (cells[total] or 0) + ms
      if what == 'retried' or what == 'FAILURE' then cells[CELL.failed] = (cells[CELL.failed] or 0) + 1 end
    end
  end

  -- Adds cells to a slot, which begins anew for another stamp.
  local function add(key, at, size, form, stamp, cells)
    local held = {struct.unpack(form, redis.call('GETRANGE', key, at, at + size - 1))}
    local anew = stamp and held[1] ~= stamp
    for i = 1, CELLS + 2 do held[i + 1] = (anew and 0 or held[i + 1]) + (cells[i] or 0) end
    held[1], held[CELLS + 4] = stamp or held[1], nil
    redis.call('SETRANGE', key, at, struct.pack(form, unpack(held)))
  end

  -- Whether one more book may be begun. When there are too many, the one that was idle for the
  -- longest makes room, if that is more than two days.
  local function has_room(kind)
    local known = K.counted .. kind
    if redis.call('ZCARD', known) < MAX_BOOKS then return true end
    local idle = redis.call('ZRANGE', known, 0, 0, 'WITHSCORES')
    if tonumber(idle[2]) > now / 60000 - 2880 then return false end
    redis.call('ZREM', known, idle[1])
    redis.call('UNLINK', K.stats .. kind .. ':' .. idle[1])
    return true
  end

  local function open_book(kind, name, minute)
    local key = K.stats .. kind .. ':' .. name
    if redis.call('STRLEN', key) ~= TOTAL_AT + TOTAL then
      if name ~= OTHERS and not has_room(kind) then
        redis.call('ZREM', K.counted .. kind, name)
        redis.call('UNLINK', key)
        return open_book(kind, OTHERS, minute)
      end
      redis.call('SET', key, string.rep('\0', TOTAL_AT) .. struct.pack('>I8', minute) .. string.rep('\0', TOTAL - 8))
    end
    redis.call('ZADD', K.counted .. kind, 'GT', minute, name)
    return key
  end

  local function enter(kind, name, minute, cells)
    local key, hour = open_book(kind, name, minute), math.floor(minute / 60)
    add(key, minute % MINUTES * SLOT, SLOT, NARROW, minute, cells)
    add(key, (MINUTES + hour % HOURS) * SLOT, SLOT, NARROW, hour, cells)
    add(key, TOTAL_AT, TOTAL, WIDE, nil, cells)
  end
  for where, cells in pairs(happened) do
    local minute, queue, task = string.match(where, '^(%d+) (%S+) (%S*)$')
    enter('queue', queue, tonumber(minute), cells)
    if task ~= '' then enter('task', task, tonumber(minute), cells) end
  end
end

-- How long the attempt ran that this script ends, where its time counts.
local ran_ms = '-'

-- Counts what happened to a job: `enqueued` with a number of jobs, `started` with the time it
-- waited, the end of an attempt that ran with its time, or '-'; times in milliseconds. A hook's
-- run says nothing about its task.
local function tally(what, job, ms)
  local task = not job.cause and job.task or ''
  local line = what .. ' ' .. math.floor(now / 60000) .. ' ' .. job.queue .. ' ' .. task .. ' ' .. ms
  if redis.call('RPUSH', K.tally, line) >= 64 then add_to_books() end
end
