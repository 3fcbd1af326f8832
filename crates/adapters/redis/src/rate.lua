-- Counts one request by the rule of `RateLimit::hit`, which says why; a request that takes no
-- time is only a look, and nothing is written.
-- KEYS: the key. ARGV: microseconds per request, microseconds of debt allowed, the call.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' and not string.find(held.err, 'WRONGTYPE', 1, true) then
  return held
end
-- What this rule never wrote is as good as nothing, and is written over. Larger numbers than
-- 2^53 are not exact.
local before = type(held) == 'string' and string.find(held, '^%d+$') and tonumber(held)
if not before or before > 9007199254740992 then
  before = nil
end

local owed = math.max(0, math.min((before or now) - now, capacity))
if owed + interval <= capacity then
  owed = owed + interval
end
local full_at = now + owed
if interval > 0 and full_at ~= before then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil(owed / 1000))
end
return { ARGV[3], now, before or -1, full_at }
