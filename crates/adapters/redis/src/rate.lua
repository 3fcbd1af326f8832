-- Counts one request by the rule of `RateLimit::hit`, which says why.
-- KEYS: the key. ARGV: microseconds per request, microseconds of debt allowed, the call.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local before = tonumber(redis.call('GET', KEYS[1]) or '')

local owed = math.max(0, math.min((before or now) - now, capacity))
if owed + interval <= capacity then
  owed = owed + interval
end
local full_at = now + owed
if full_at ~= before then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil(owed / 1000))
end
return { ARGV[3], now, before or -1, full_at }
