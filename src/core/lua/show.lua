-- show: jobs, in full or in what a list needs. A reply of a mebibyte ends early: ask again
-- for the ids that are left.
-- KEYS  meta
-- ARGV  full ('1' with their attempts), ids… (at most 100)
-- reply {now, {fields, spec, tries, totals, workers, result | false} | false …}
--       fields and totals: name, value…; totals: stdout, stderr, bytes

local reply, size = {num(now)}, 0
for i = 2, #ARGV do
  local job, bytes = shown(ARGV[i], ARGV[1] == '1')
  reply[#reply + 1] = job or false
  size = size + bytes
  if size > 1048576 then break end
end
return reply
