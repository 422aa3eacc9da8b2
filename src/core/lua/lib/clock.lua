-- Time is Redis TIME, read once a script: it moves on while a script runs.
local clock = redis.call('TIME')
local now_us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
