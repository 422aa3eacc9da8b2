-- What reading scripts share: a job as it is shown, and places in long indexes.

-- A job's fields, spec, attempts (where `full`), output totals, live workers of its queue and
-- result; nil where there is no such job. Then how many bytes that is, at least.
local function shown(id, full)
  local fields = redis.call('HGETALL', K.job .. id)
  if #fields == 0 then return nil, 0 end
  local queue = redis.call('HGET', K.job .. id, 'queue') or ''
  local spec, result = redis.call('GET', K.spec .. id), redis.call('GET', K.result .. id)
  local tries = full and redis.call('LRANGE', K.tries .. id, 0, -1) or {}
  local size = 200 + #(spec or '') + #(result or '')
  for _, try in ipairs(tries) do size = size + #try end
  return {fields, spec, tries, redis.call('HMGET', K.out .. id, 'stdout', 'stderr', 'bytes'), live_workers(queue), result}, size
end

-- What a command answers, or nil where the key is of another kind: whoever checks the books must
-- not stumble over what is wrong with them.
local function look(...)
  local found = redis.pcall(...)
  if type(found) == 'table' and found.err then return nil end
  return found
end

-- Byte order, as sorted sets have it; `<` would ask the server's locale.
local function before(one, other)
  for i = 1, math.min(#one, #other) do
    local a, b = string.byte(one, i), string.byte(other, i)
    if a ~= b then return a < b end
  end
  return #one < #other
end

-- How many members stand before (score, id), and whether that one still stands there. Whoever
-- has moved on meanwhile is looked for by halving among the members with the same score.
local function place(key, score, id)
  if redis.call('ZSCORE', key, id) == score then return redis.call('ZRANK', key, id), true end
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', key, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(redis.call('ZRANGE', key, middle, middle)[1], id) then low = middle + 1 else high = middle end
  end
  return low, false
end

-- At most `most` members with scores from `low` to `high`, upwards or downwards, after the
-- place (score, id), or from the end where `score` is ''. Their ids and scores in turn.
local function page(key, down, low, high, score, id, most)
  local first = low == '-inf' and 0 or redis.call('ZCOUNT', key, '-inf', string.sub(low, 1, 1) == '(' and string.sub(low, 2) or '(' .. low)
  local last = (high == '+inf' and redis.call('ZCARD', key) or redis.call('ZCOUNT', key, '-inf', high)) - 1
  if score ~= '' then
    local at, stands = place(key, score, id)
    if down then last = math.min(last, at - 1) else first = math.max(first, at + (stands and 1 or 0)) end
  end
  if first > last then return {} end
  if not down then return redis.call('ZRANGE', key, first, math.min(last, first + most - 1), 'WITHSCORES') end
  local found = redis.call('ZRANGE', key, math.max(first, last - most + 1), last, 'WITHSCORES')
  local turned = {}
  for i = #found - 1, 1, -2 do
    turned[#turned + 1] = found[i]
    turned[#turned + 1] = found[i + 1]
  end
  return turned
end
