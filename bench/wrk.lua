-- One request for each line of a file, each sent once: a body, or "Header: value", a tab and a body.
-- With a RATE above 0 they are sent at that pace, else as fast as they are answered.
-- wrk -s wrk.lua URL -- FILE SKIP SLICES_SECONDS RATE
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long microseconds; } moment;
  int gettimeofday(moment *now, void *zone);
]]
local moment = ffi.new("moment")
local function now()
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.seconds) + tonumber(moment.microseconds) / 1e6
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(args)
  bodies = assert(io.open(args[1]))
  for _ = 1, tonumber(args[2]) do bodies:read("*l") end
  slice_seconds = tonumber(args[3])
  pace = tonumber(args[4]) > 0 and 1 / tonumber(args[4]) or nil
  if pace == nil then delay = nil end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  answers, exhausted, held = {}, false, nil
  rehearsed = false
end

function request()
  local body = held or bodies:read("*l")
  held = nil
  if not rehearsed then -- wrk makes one request before it starts, and never sends it
    rehearsed, held = true, body
  end
  if body == nil then
    exhausted = true
    body = "{}"
  end
  local name, value, rest = body:match("^([%w-]+): ([^\t]*)\t(.*)$")
  if name then wrk.headers[name] = value end
  return wrk.format(nil, nil, nil, rest or body)
end

function delay()
  if pace == nil then return 0 end
  due = math.max((due or now()) + pace, now() - 1)
  return math.max(0, math.floor((due - now()) * 1000 + 0.5))
end

function response()
  began = began or now()
  local slice = math.floor((now() - began) / slice_seconds) + 1
  for quiet = #answers + 1, slice do answers[quiet] = 0 end
  answers[slice] = answers[slice] + 1
end

function done(summary, latency)
  local slices, exhausted = threads[1]:get("answers"), threads[1]:get("exhausted")
  for index = 1, #slices do slices[index] = tostring(slices[index]) end
  local errors = summary.errors
  io.write(string.format(
    '\n{"answers": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "refused": %d, '
      .. '"broken": %d, "exhausted": %s, "slices": [%s]}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    tostring(exhausted), table.concat(slices, ", ")))
end
