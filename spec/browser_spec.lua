-- The report's page in a real browser, Chromium without a window: by mouse, by
-- keyboard alone, on paper, narrow and dark; what is downloaded is read back by
-- sei.review. SEI_PICTURES=FOLDER keeps pictures of it for people to look at.
local browser = require "spec.support.browser"
local csv = require "sei.review.csv"
local given = require "spec.support.report"
local sei = require "sei"
local shell = require "spec.support.shell"

local KEYS <const> = browser.KEYS
local folder, b

-- What each test may take for granted of the page.
local HELPERS <const> = [[
  const items = () => [...document.querySelectorAll('#review li.account')];
  const item = (who) => items().find((li) =>
    li.querySelector('.who').textContent === who);
]]

local function page(script, ...) return b:run(HELPERS .. script, ...) end

local function slurp(path)
  local handle = assert(io.open(path, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

-- Writes a page of its own and opens it; answers the path of its review file.
local function open(name, result, options)
  options = options or {}
  local review = ("%s/%s.csv"):format(folder, name)
  if type(result) == "table" then
    assert(sei.review.write(result, { file = review, delimiter = options.delimiter,
      bom = options.bom, newline = options.newline }))
  end
  if options.edit then
    local text = options.edit(slurp(review))
    local out = assert(io.open(review, "wb"))
    out:write(text)
    out:close()
  end
  local html = ("%s/%s.html"):format(folder, name)
  assert(sei.report { plan = options.plan or given.plan(120), review = review, file = html,
    keep = options.keep })
  b:open("file://" .. html)
  return review
end

-- Clicks on the button and reads what came: the rows, and what they say.
local function download(name, by)
  local path = ("%s/downloads/%s.csv"):format(folder, name)
  os.remove(path)
  if by then by() else b:click "#download" end
  local text = b:downloaded(path)
  return assert(sei.review.read { file = path }), text, path
end

local function by_account(entries)
  local map = {}
  for _, entry in ipairs(entries) do map[entry.account] = entry end
  return map
end

-- An account with two candidates, who are of this number alone.
local function row_of(login, candidates)
  local list = {}
  for i = 1, candidates or 2 do
    list[i] = { person = { id = ("%s-%d"):format(login, i), name = ("Name %s %d"):format(login, i),
      email = ("%s%d@example.com"):format(login, i) }, score = 1 - i / 10, why = "why" }
  end
  return { account = { id = "A-" .. login, login = login, integration_id = 7 },
    class = #list > 0 and "review" or "none", reason = "near_miss", message = "near",
    candidates = list }
end

local function result_of(...)
  local result = { decisions = {}, review = {}, none = {}, ignored = {}, summary = {} }
  for _, row in ipairs { ... } do table.insert(result[row.class], row) end
  return result
end

local function picture(name)
  local kept = os.getenv "SEI_PICTURES"
  if kept then b:picture(kept .. "/" .. name .. ".png") end
end

describe("the report's page #proof", function()
  setup(function()
    assert(browser.is_there(), "chromium and chromium-driver are missing: make deps")
    folder = shell.folder()
    shell.run("mkdir " .. shell.quote(folder .. "/downloads"))
    b = browser.start { downloads = folder .. "/downloads" }
  end)
  teardown(function()
    if b then b:stop() end
    if folder then shell.remove(folder) end
  end)
  before_each(function() b:look { scheme = "light", width = 1280, height = 900 } end)

  it("obeys nothing from outside, loads nothing, complains of nothing", function()
    open("hostile", given.result(400), { keep = true })
    assert.same({}, b:console())
    assert.is_nil(page "return window.hit")
    assert.equal(0, page "return performance.getEntriesByType('resource').length")
    assert.equal(2, page "return document.scripts.length")
    assert.equal(0, page "return document.images.length")
    local all = page "return document.querySelector('main').textContent"
    assert.truthy(all:find(given.HOSTILE[1], 1, true))
    assert.falsy(all:find("\u{202E}", 1, true))
    -- Through all pages of all lists, and on paper.
    for _ = 1, 20 do
      page [[for (const pager of document.querySelectorAll('.pager')) {
        pager.querySelector('button:last-child').click(); }]]
    end
    page "window.dispatchEvent(new Event('beforeprint'))"
    assert.truthy(page("return document.body.textContent"):find("adminU+202Emoc", 1, true))
    assert.is_nil(page "return window.hit")
    page "window.dispatchEvent(new Event('afterprint'))"
  end)

  it("is forbidden to load or send by its policy", function()
    open("policy", result_of(row_of "ann"))
    local refused = page [[
      const seen = [];
      document.addEventListener('securitypolicyviolation', (e) => seen.push(e.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'window.hit = 1';
      document.body.append(script);
      document.body.append(Object.assign(document.createElement('img'), {
        src: 'http://127.0.0.1:9/x.png' }));
      fetch('http://127.0.0.1:9/').catch(() => {});
      window.seen = seen;
    ]]
    assert.is_nil(refused)
    b:await "return window.seen.length >= 3"
    assert.same({ "connect-src", "img-src", "script-src-elem" },
      page "return window.seen.sort()")
    assert.is_nil(page "return window.hit")
    b:console()
  end)

  it("gives the file back as it was if nothing is decided", function()
    local review = open("same", given.result(80), { delimiter = ";", bom = true,
      newline = "\r\n", edit = function(text)
        text = text:gsub("check\r\n", "check;ours\r\n", 1):gsub("(;%l%l%l%l%l%l%l%l)\r\n",
          "%1;\"=kept \"\"as it is\"\"\"\r\n")
        return (text:gsub("\r\n;;", "\r\nreject 1;;", 2):gsub("\r\n;;", "\r\nchoose;who@x;", 1))
      end })
    local entries, text = download "same"
    assert.equal("\u{FEFF}decision;person;", text:sub(1, 19))
    local before, after = csv.read(slurp(review), "a"), csv.read(text, "a")
    for i, r in ipairs(before) do
      r.line, after[i].line = nil, nil
      assert.same(r, after[i])
    end
    assert.equal(80, #after)
    assert.equal(3, #entries)
  end)

  it("takes choices by mouse", function()
    open("mouse", result_of(row_of "ann", row_of "bob", row_of "cy", row_of "dee", row_of "eve",
      row_of("fay", 0)))
    assert.equal("0 of 6 decided", page "return document.querySelector('.foot span').textContent")
    b:click "#row0 input[value=c2]"
    b:click "#row1 .candidate"
    b:click "#row2 input[value=none]"
    b:click "#row3 input[value=ignore]"
    b:click "#row5 [data-of=text]"
    b:press "somebody@else.example"
    assert.equal("5 of 6 decided", page "return document.querySelector('.foot span').textContent")
    assert.equal(0, page "return items()[5].querySelectorAll('input[value=none]').length")
    local said = by_account((download "mouse"))
    assert.equal("ann-2", said["A-ann"].choose)
    assert.equal("Name ann 2 <ann2@example.com>", said["A-ann"].shown)
    assert.equal("bob-1", said["A-bob"].choose)
    assert.same({ "cy-1", "cy-2" }, said["A-cy"].reject)
    assert.is_true(said["A-dee"].ignore)
    assert.is_nil(said["A-eve"])
    assert.equal("somebody@else.example", said["A-fay"].choose)
    b:click "#row0 input[value=open]"
    assert.is_nil(by_account((download "mouse"))["A-ann"])
  end)

  it("is used by keyboard alone", function()
    local rows = {}
    for i = 1, 60 do rows[i] = row_of(("k%02d"):format(i), 3) end
    open("keys", result_of(table.unpack(rows)), { plan = given.plan(60) })
    local function focus() return page [[
      const a = document.activeElement, li = a.closest('li.account');
      return (li ? li.querySelector('.who').textContent + ' ' : '') +
        (a.dataset.of || a.value || a.textContent || a.tagName).trim()]]
    end
    for _ = 1, 150 do
      if focus() == "k01 open" then break end
      b:press(KEYS.tab)
    end
    assert.equal("k01 open", focus())
    b:press(KEYS.down) -- another
    assert.equal("k01 other", focus())
    b:press(KEYS.down) -- round: the first candidate
    assert.equal("k01 c1", focus())
    b:press("j", "2", "r", "i", "p")
    assert.equal("k05 text", focus())
    b:press("New One <new.one@example.com>", KEYS.enter)
    assert.equal("k06 open", focus())
    b:press("n", "ask j and k", KEYS.escape)
    assert.equal("k06 open", focus())
    b:press("1", "k")
    assert.equal("k06 c1", focus())
    b:press "u"
    assert.equal("k06 open", focus())
    b:press(("j"):rep(20), "3") -- 26 is on the next page
    assert.equal("k27 open", focus())
    b:press(("k"):rep(2))
    assert.equal("k25 open", focus())
    b:press(("j"):rep(60))
    assert.equal("k60 open", focus())
    assert.truthy(page("return document.querySelector('.said').textContent"):find "last")
    for _ = 1, 80 do
      if focus() == "Download keys.csv" then break end
      b:press(KEYS.tab)
    end
    local entries, text = download("keys", function() b:press(KEYS.enter) end)
    local said = by_account(entries)
    assert.equal(6, #entries)
    assert.equal("k01-1", said["A-k01"].choose)
    assert.equal("k02-2", said["A-k02"].choose)
    assert.equal(3, #said["A-k03"].reject)
    assert.is_true(said["A-k04"].ignore)
    assert.equal("new.one@example.com", said["A-k05"].choose)
    assert.equal("k26-3", said["A-k26"].choose)
    assert.equal("ask j and k", csv.read(text, "keys.csv")[6].note)
  end)

  it("writes what was typed so that it is read as typed", function()
    local typed = { "=1+1", "'quoted'", "P1", "mar10", "0012", "TRUE", "-x", "a;b,\"c\"", "日本 太郎",
      "O'Neil", "x@y.example", " <b>@x ", "@me", "\\|", "+49" }
    local rows = {}
    for i = 1, #typed do rows[i] = row_of(("t%02d"):format(i), 1) end
    open("typed", result_of(table.unpack(rows)))
    for i, text in ipairs(typed) do
      page([[const field = document.querySelector('#row' + arguments[0] + ' [data-of=text]');
        field.value = arguments[1]; field.dispatchEvent(new Event('input'));]], i - 1, text)
    end
    local said = by_account((download "typed"))
    for i, text in ipairs(typed) do
      assert.equal(text:match "^%s*(.-)%s*$", said[("A-t%02d"):format(i)].choose)
    end
  end)

  it("shows what the file says already, and keeps what it cannot show", function()
    local words = { "accept 2,", "reject,", "ignore,", "choose,old@x", "reject 2,", ",", "Accept," }
    local rows = {}
    for i = 1, #words do rows[i] = row_of("w" .. i) end
    open("said", result_of(table.unpack(rows)), { edit = function(text)
      local i = 0
      return (text:gsub("\n,,", function()
        i = i + 1
        return "\n" .. words[i] .. ","
      end))
    end })
    assert.same({ "c2", "none", "ignore", "other", "kept", "open", "c1" },
      page "return items().map((li) => li.querySelector('input:checked').value)")
    assert.equal("old@x", page "return items()[3].querySelector('[data-of=text]').value")
    assert.equal("6 of 7 decided", page "return document.querySelector('.foot span').textContent")
    b:click "#row6 input[value=c2]"
    b:click "#row1 input[value=open]"
    local said = by_account((download "said"))
    assert.equal("w7-2", said["A-w7"].choose)
    assert.is_nil(said["A-w2"])
    assert.same({ "w5-2" }, said["A-w5"].reject)
    assert.equal("old@x", said["A-w4"].choose)
  end)

  it("lets nothing be decided in a row whose cells were changed", function()
    open("damaged", result_of(row_of "ann", row_of "bob"), { edit = function(text)
      return (text:gsub("near_miss,ann,", "near_miss,anna,", 1))
    end })
    assert.equal(0, page "return items()[0].querySelectorAll('input').length")
    assert.truthy(page("return items()[0].textContent"):find("were changed in the file", 1, true))
    b:click "#row1 input[value=c1]"
    assert.equal("bob-1", by_account((download "damaged"))["A-bob"].choose)
  end)

  it("keeps what was decided over a reload", function()
    open("reload", result_of(row_of "ann", row_of "bob", row_of "cy"))
    b:click "#row0 input[value=c2]"
    b:click "#row1 [data-of=text]"
    b:press "typed@x.example"
    b:reload()
    assert.equal("2 of 3 decided", page "return document.querySelector('.foot span').textContent")
    assert.equal("typed@x.example", page "return items()[1].querySelector('[data-of=text]').value")
    local said = by_account((download "reload"))
    assert.equal("ann-2", said["A-ann"].choose)
    assert.equal("typed@x.example", said["A-bob"].choose)
    -- What is decided in another window is taken over.
    page [[const key = 'sei-report:' + document.getElementById('data').dataset.digest;
      const kept = JSON.parse(localStorage.getItem(key));
      kept[2] = { value: 'ignore', text: '', note: '' };
      const value = JSON.stringify(kept);
      localStorage.setItem(key, value);
      window.dispatchEvent(new StorageEvent('storage', { key, newValue: value }));]]
    assert.is_true(by_account((download "reload"))["A-cy"].ignore)
    -- Another report has decisions of its own.
    open("other", result_of(row_of "ann", row_of "bob", row_of "dee"))
    assert.equal("0 of 3 decided", page "return document.querySelector('.foot span').textContent")
  end)

  it("forgets what was decided if it is told to", function()
    open("forget", result_of(row_of "ann", row_of "bob"))
    b:click "#row0 input[value=c2]"
    page "window.confirm = () => true; document.querySelector('.foot button').click()"
    assert.equal("0 of 2 decided", page "return document.querySelector('.foot span').textContent")
    assert.same({}, (download "forget"))
    b:reload()
    assert.equal("0 of 2 decided", page "return document.querySelector('.foot span').textContent")
  end)

  it("works without storage, and does not forget silently", function()
    local added = b:devtools("Page.addScriptToEvaluateOnNewDocument", { source =
      "Object.defineProperty(window, 'localStorage', { get() { throw new Error('none'); } })" })
    open("nostore", result_of(row_of "ann"))
    b:click "#row0 input[value=c1]"
    b:await "return document.querySelector('.foot span').textContent === '1 of 1 decided'"
    local asks = [[const event = new Event('beforeunload', { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented]]
    assert.is_true(page(asks))
    assert.equal("ann-1", by_account((download "nostore"))["A-ann"].choose)
    assert.is_false(page(asks))
    b:devtools("Page.removeScriptToEvaluateOnNewDocument", { identifier = added.identifier })
    assert.same({}, b:console())
  end)

  it("searches and filters", function()
    open("search", given.result(300), { plan = given.plan(400) })
    local function search(section, text)
      page([[const field = document.querySelector(arguments[0] + ' input[type=search]');
        field.value = arguments[1]; field.dispatchEvent(new Event('input'));]], section, text)
      return b:await([[const shown = document.querySelector(arguments[0] + ' .shown').textContent;
        return shown.includes(' of ') === (arguments[1] !== '') && shown]], section, text)
    end
    local some = search("#changes", "CHLOE berg")
    assert.matches("^%d+ of %d+ rows$", some)
    assert.is_true(page [[return [...document.querySelectorAll('#changes .rows li')].every((li) =>
      /chloé/i.test(li.textContent) && /berg/i.test(li.textContent))]])
    assert.matches("^0 of ", search("#changes", "no such thing at all"))
    assert.equal("Nothing fits the search and the filters.",
      page "return document.querySelector('#changes .rows').textContent")
    search("#changes", "")
    page [[const select = document.querySelector('#changes select');
      select.value = [...select.options].findIndex((o) => o.text.startsWith('fields')) - 1;
      select.dispatchEvent(new Event('change'))]]
    local shown = "return document.querySelector(arguments[0] + ' .shown').textContent"
    assert.equal("20 of 147 rows", page(shown, "#changes"))
    assert.is_true(page [[return [...document.querySelectorAll('#changes .rows .tag')].every(
      (tag) => tag.textContent === 'fields')]])
    -- Decided rows stay under the eyes until the list is asked for anew.
    page [[const select = document.querySelector('#review select');
      select.value = [...select.options].findIndex((o) => o.text === 'Undecided') - 1;
      select.dispatchEvent(new Event('change'))]]
    b:click "#review li.account input[value=ignore]"
    assert.equal("300 rows", page(shown, "#review"))
    assert.is_true(page "return items()[0].classList.contains('decided')")
    page "document.querySelector('#review select').dispatchEvent(new Event('change'))"
    assert.equal("299 of 300 rows", page(shown, "#review"))
  end)

  it("stays quick with 5,000 rows to review", function()
    local took = [[const began = performance.now();
      for (let i = 0; i < 40; i++) {
        const target = document.activeElement;
        target.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true }));
        target.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
      }
      document.body.getBoundingClientRect();
      return performance.now() - began]]
    local function measure(n)
      open("n" .. n, given.result(n))
      page "items()[0].querySelector('input:checked').focus()"
      local time = page(took)
      return time, page "return document.querySelectorAll('*').length"
    end
    local few, small = measure(100)
    local many, large = measure(5000)
    assert.truthy(many < 10 * few, ("40 decisions: %.0f ms of 100, %.0f ms of 5,000 rows"):format(
      few, many))
    assert.truthy(large < 1.3 * small, ("%d elements, %d"):format(small, large))
    local began = page [[const field = document.querySelector('#review input[type=search]');
      field.value = 'chloe'; field.dispatchEvent(new Event('input')); return true]]
    assert.is_true(began)
    assert.matches("^%d+ of 5,000 rows$", b:await [[
      const shown = document.querySelector('#review .shown').textContent;
      return shown.includes(' of ') && shown]])
  end)

  it("is put on paper whole", function()
    open("paper", given.result(120), { plan = given.plan(300) })
    b:click "#row1 [data-of=note]"
    b:press "on paper, too"
    b:look { media = "print", scheme = "dark" }
    assert.same({ "none", "flex", "none" }, page [[
      return ['#row0 .note', '#row1 .note', '#review .tools'].map((one) =>
        getComputedStyle(document.querySelector(one)).display)]])
    assert.equal("rgb(255, 255, 255)", page [[
      return getComputedStyle(document.body).backgroundColor]])
    local pdf = b:devtools("Page.printToPDF", { paperWidth = 8.27, paperHeight = 11.69 })
    assert.truthy(#pdf.data > 10000)
    page "window.dispatchEvent(new Event('beforeprint'))"
    assert.equal(120, page "return items().length")
    page "window.dispatchEvent(new Event('afterprint'))"
    assert.equal(25, page "return items().length")
  end)

  -- Contrast of each text with what is behind it (WCAG 2.2, 1.4.3).
  local CONTRAST <const> = [==[
    const parse = (text) => text.match(/[\d.]+/g).map(Number);
    const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
      const v = c[i] / 255;
      return sum + weight * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    }, 0);
    const behind = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor);
        if (color.length === 3 || color[3] === 1) return color;
      }
      return [255, 255, 255];
    };
    const faults = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (node.data.trim() === '' || parent.matches('script, option') ||
        !parent.checkVisibility() || parent.matches(':disabled')) continue;
      const [a, b] = [light(parse(getComputedStyle(parent).color)), light(behind(parent))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) faults.add(parent.className + ' ' + ratio.toFixed(2) + ' ' +
        node.data.slice(0, 30));
    }
    return [...faults]]==]

  for _, scheme in ipairs { "light", "dark" } do
    for _, width in ipairs { 1280, 390 } do
      it(("can be read in %s, %d pixels wide"):format(scheme, width), function()
        b:look { scheme = scheme, width = width, height = 900 }
        open(("look-%s-%d"):format(scheme, width), given.result(60), { plan = given.plan(200),
          keep = true })
        b:click "#row2 input[value=c1]"
        b:click "#row3 input[value=none]"
        assert.same({}, page(CONTRAST))
        assert.is_true(page "return document.documentElement.scrollWidth <= innerWidth")
        page "window.scrollTo(0, 0)"
        picture(("%s-%d-top"):format(scheme, width))
        for _, section in ipairs { "changes", "conflicts", "review" } do
          page("document.getElementById(arguments[0]).scrollIntoView()", section)
          picture(("%s-%d-%s"):format(scheme, width, section))
        end
      end)
    end
  end

  it("has a name for everything that can be reached", function()
    open("names", given.result(30), { plan = given.plan(100) })
    b:devtools "Accessibility.enable"
    local faults = {}
    for _, node in ipairs(b:devtools("Accessibility.getFullAXTree").nodes) do
      local focusable = false
      for _, property in ipairs(node.properties or {}) do
        focusable = focusable or property.name == "focusable" and property.value.value == true
      end
      local name = node.name and node.name.value or ""
      local role = node.role and node.role.value or ""
      if focusable and not node.ignored and name == "" and role ~= "generic" then
        faults[#faults + 1] = role
      end
    end
    b:devtools "Accessibility.disable"
    assert.same({}, faults)
    assert.equal("en", page "return document.documentElement.lang")
    assert.equal(1, page "return document.querySelectorAll('h1').length")
    assert.is_true(page [[const ids = [...document.querySelectorAll('[id]')].map((n) => n.id);
      return new Set(ids).size === ids.length]])
  end)
end)
