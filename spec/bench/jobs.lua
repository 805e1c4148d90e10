-- jobs - what is measured, and which ratios must be shown (the table at the
-- end). A heat is one job in one setting; all its contestants run in turn.
local RECORDS <const> = 80715

local heats = {
  { name = "list-1000", job = "list", page_size = 1000, window = 8, latency = 0 },
  { name = "three-1000", job = "list3", page_size = 1000, window = 8, latency = 0 },
  { name = "list-50", job = "list", page_size = 50, window = 8, latency = 0,
    without = { slow = "a process for each of 1615 pages" } },
  { name = "far-1000", job = "list", page_size = 1000, window = 8, latency = 50,
    without = { paged = "page by page: 81 times 50 ms and more" } },
  { name = "far-50", job = "list", page_size = 50, window = 8, latency = 50, rounds = 3,
    quick = false, only = { "sei", "libcurl download", "Go net/http" } },
  { name = "wide-1000", job = "list", page_size = 1000, window = 64, latency = 50,
    only = { "sei", "libcurl download" } },
}

-- `best`: against the best of all but the floors; else against that one.
-- `against`: the heat of the other side, if it is another.
local rows = {
  { "list 80,715, page 1000, window 8: CPU", heat = "list-1000", measure = "cpu", best = true,
    limit = 0.55 },
  { "the same, three fields: CPU", heat = "three-1000", measure = "cpu", best = true,
    limit = 0.28 },
  { "the same, page 50: CPU", heat = "list-50", measure = "cpu", best = true, limit = 0.65 },
  { "list, page 1000, window 8, 50 ms: wall", heat = "far-1000", measure = "wall",
    other = "libcurl download", limit = 1.05 },
  { "list, page 50, window 8, 50 ms: wall", heat = "far-50", measure = "wall",
    other = "libcurl download", limit = 1.03 },
  { "list, page 1000, window 64, 50 ms: wall", heat = "wide-1000", measure = "wall", best = true,
    against = "far-1000", limit = 0.45 },
  { "list 80,715, page 1000, window 8: peak RSS", heat = "list-1000", measure = "rss",
    other = "libcurl download", limit = 1.4 },
}

return { heats = heats, rows = rows, records = RECORDS }
