-- finish: the attempt succeeded, and with it the job.
-- KEYS  meta
-- ARGV  id, token, code, tail ('' or JSON), result ('' or JSON), note ('' or one line)
-- reply {'OK', state} | {'AGAIN', state} this settle was already done
--       {'LOST', state} not the caller's any more | {'GONE'} no such job | {'FORMAT', stored}

local id = ARGV[1]

if wrong_format then return {'FORMAT', stored_format} end
local job = load(id)
local refusal = settle_refusal(job, ARGV[2])
if refusal then return refusal end

end_attempt(id, job, 'exit', ARGV[3], ARGV[4])
-- The reason of a cancel that came too late says nothing about a success.
redis.call('HDEL', K.job .. id, 'reason')
keep_result(id, ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', K.job .. id, 'error', ARGV[6]) end
ran_ms = took(job)
to_final(id, job, 'SUCCESS', 'exit', ARGV[3])
after(id, job, 'SUCCESS', 'exit', ARGV[3])
return {'OK', 'SUCCESS'}
