--- The style of a report's page: light and dark, narrow and wide, and on paper.
-- Text has a contrast of at least 4.5 on what is behind it (WCAG 2.2, 1.4.3).
-- @module sei.report.style
return [==[
:root {
  --page: #f6f7f8; --card: #fff; --ink: #1b1f24; --soft: #59616b; --line: #dfe3e8; --edge: #868e99;
  --accent: #0b5cad; --wash: #eaf2fb; --had: #2f6f9f; --gain: #58b58c; --rest: #e4e7eb;
  --green: #1a6b42; --green-wash: #e5f4ec; --amber: #7d4e00; --amber-wash: #fbf0da;
  --red: #a3221b; --red-wash: #fbe9e7; --violet: #5b3fa0; --violet-wash: #efeafa;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #121518; --card: #1a1e22; --ink: #e4e7eb; --soft: #a3acb7; --line: #2d333a;
    --edge: #77818c; --accent: #82bdf7; --wash: #1c2c3d; --had: #5b9fd0; --gain: #4fae84;
    --rest: #30363d; --green: #7fd1a6; --green-wash: #16301f; --amber: #e8bd6c;
    --amber-wash: #352a12; --red: #f6a29b; --red-wash: #3b1d1b; --violet: #c0adf2;
    --violet-wash: #292141;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.6rem; scroll-padding-bottom: 4.5rem; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, "DejaVu Sans",
    sans-serif;
}
.wrap { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
h1, .who, .name { overflow-wrap: anywhere; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.02rem; margin: 0 0 .5rem; font-weight: 650; }
a { color: var(--accent); }
code { font: .92em ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
p { margin: 0 0 .5rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
[tabindex="-1"]:focus { outline: none; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem; z-index: 9; }
.hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

/* the head */
.top { background: var(--card); padding: 1.5rem 0 1.1rem; }
.kicker { color: var(--soft); font-size: .82rem; margin: 0 0 .1rem; }
.verdict {
  display: inline-block; margin: .6rem 0 .9rem; padding: .3rem .7rem; border-radius: 6px;
  font-weight: 600;
}
.verdict.go { background: var(--wash); color: var(--accent); }
.verdict.calm { background: var(--green-wash); color: var(--green); }
.verdict.stop { background: var(--red-wash); color: var(--red); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.digest { overflow-wrap: anywhere; }
nav.bar {
  position: sticky; top: 0; z-index: 5; background: var(--card);
  border-bottom: 1px solid var(--line);
}
nav .wrap { display: flex; gap: .3rem; overflow-x: auto; scrollbar-width: none; }
nav a {
  padding: .6rem .7rem; text-decoration: none; color: var(--ink); white-space: nowrap;
  border-bottom: 2px solid transparent;
}
nav a:first-child { margin-left: -.7rem; }
nav a:hover { border-color: var(--accent); }
.count { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }

/* overview */
main.wrap { padding-top: 1.4rem; padding-bottom: 3rem; }
main > section { margin-bottom: 2.2rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 0 0 1.6rem;
  padding: 0; }
.tiles li { padding: .3rem .7rem; border-radius: 6px; background: var(--card);
  border: 1px solid var(--line); }
.tiles b { font-variant-numeric: tabular-nums; font-size: 1.1rem; margin-right: .15rem; }
.tiles .change b { color: var(--amber); } .tiles .add b { color: var(--green); }
.tiles .conflict b { color: var(--red); } .tiles .review b { color: var(--violet); }
.tiles .fields b { color: var(--accent); } .tiles .quiet { color: var(--soft); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .75rem; text-align: left; border-top: 1px solid var(--line);
  font-weight: 400; white-space: nowrap; }
th[scope=row] { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
thead th { border-top: 0; color: var(--soft); font-size: .8rem; }
tbody tr:first-child > * { border-top-color: var(--line); }
.n { text-align: right; }
.strong, .sum > * { font-weight: 650; }
.zero { color: var(--soft); }
.chart { width: 34%; min-width: 11rem; }
svg.bar { display: block; width: 100%; height: 11px; border-radius: 3px; }
.had { fill: var(--had); background: var(--had); }
.gain { fill: var(--gain); background: var(--gain); }
.rest { fill: var(--rest); background: var(--rest); }
.legend { color: var(--soft); font-size: .85rem; }
.key { display: inline-block; width: .8rem; height: .7rem; border-radius: 2px;
  margin: 0 .3rem 0 .9rem; }
.key:first-child { margin-left: 0; }
.hint { color: var(--soft); font-size: .92em; margin: .4rem 0 .7rem; max-width: 62rem; }
.pair { display: grid; gap: 1.6rem; margin-top: 1.6rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
.pair > * { min-width: 0; }
.guards { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line);
  border-radius: 8px; background: var(--card); }
.guards li { padding: .38rem .75rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.guards li:first-child { border-top: 0; }
.guards b { display: inline-block; min-width: 2.6rem; color: var(--green); font-weight: 600; }
.guards .stop b { color: var(--red); text-transform: uppercase; }

/* lists */
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-bottom: .6rem; }
input[type=search], input[type=text], select, button {
  font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--edge);
  border-radius: 6px; padding: .3rem .55rem; min-height: 2.1rem; max-width: 100%;
}
.search { flex: 1 1 16rem; display: flex; gap: .5rem; align-items: center; color: var(--soft); }
input[type=search] { flex: 1; min-width: 7rem; }
select { max-width: 14rem; text-overflow: ellipsis; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
button:disabled { color: var(--soft); border-color: var(--line); cursor: default; }
button.main { background: var(--accent); color: var(--card); border-color: var(--accent);
  font-weight: 600; }
.shown { color: var(--soft); margin-left: auto; font-variant-numeric: tabular-nums; }
.rows { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line);
  border-radius: 8px; background: var(--card); }
.rows > li { border-top: 1px solid var(--line); padding: .42rem .75rem; }
.rows > li:first-child { border-top: 0; }
.rows .row { display: grid; gap: .1rem 1rem; align-items: baseline;
  grid-template-columns: 4.8rem minmax(8rem, 1fr) minmax(12rem, 2.4fr) minmax(10rem, 2fr); }
.to { display: inline-block; max-width: 100%; }
.row > *, .item > * { min-width: 0; overflow-wrap: anywhere; }
.none { padding: 1rem; color: var(--soft); }
.tag { display: inline-block; padding: 0 .4rem; border-radius: 4px; font-size: .8rem;
  background: var(--rest); }
.tag.change, .tag.probable { background: var(--amber-wash); color: var(--amber); }
.tag.add, .tag.done { background: var(--green-wash); color: var(--green); }
.tag.conflict, .tag.failed { background: var(--red-wash); color: var(--red); }
.tag.fields { background: var(--wash); color: var(--accent); }
.tag.protected { background: var(--violet-wash); color: var(--violet); }
.place, .why, .old, .from { color: var(--soft); }
.old { text-decoration: line-through; text-decoration-color: var(--edge); }
.is-protected .old, .is-conflict .old { color: var(--ink); text-decoration: none; }
.is-protected .to, .is-conflict .to { color: var(--soft); }
.why, .from { font-size: .92em; }
.odd { background: var(--amber-wash); color: var(--amber); font-size: .8em; border-radius: 3px; }
.pager { display: flex; gap: .5rem; align-items: center; justify-content: center;
  margin-top: .7rem; color: var(--soft); }

/* review */
.item { display: grid; gap: 0 1.4rem; grid-template: auto 1fr / minmax(11rem, 1fr) 2.2fr; }
.item .choices { grid-row: span 2; align-content: flex-start; }
li.account { border-left: 3px solid transparent; padding: .55rem .75rem .6rem; }
li.account.decided { border-left-color: var(--gain); }
li.account:focus-within { background: var(--wash); }
li.account:first-child { border-radius: 8px 8px 0 0; }
li.account:last-child { border-radius: 0 0 8px 8px; }
.who { font-weight: 650; }
.choices { display: flex; flex-wrap: wrap; gap: .05rem .3rem; align-items: center; }
.choices label { display: flex; gap: .45rem; align-items: baseline; padding: .12rem .45rem;
  border-radius: 5px; cursor: pointer; min-width: 0; }
.choices label:hover { background: var(--rest); }
.choices label.on { background: var(--green-wash); }
.choices input[type=radio] { accent-color: var(--accent); margin: 0; flex: none;
  align-self: center; }
.candidate { flex: 1 0 100%; }
.candidate .name { font-weight: 550; }
.candidate .text { min-width: 0; overflow-wrap: anywhere; }
.score { flex: none; margin-left: auto; width: 5.2rem; display: flex; gap: .4rem;
  align-items: center; color: var(--soft); font-variant-numeric: tabular-nums; }
.meter { flex: 1; height: 4px; border-radius: 2px; background: var(--rest); overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--had); }
.more { display: flex; flex: 1 0 100%; flex-wrap: wrap; gap: .1rem .3rem; align-items: center; }
.more input[type=text] { min-height: 1.75rem; padding: .05rem .45rem; flex: 2 1 8rem;
  min-width: 7rem; }
.note { display: flex; gap: .4rem; align-items: center; color: var(--soft); font-size: .92em;
  margin-top: .25rem; align-self: start; }
.note input[type=text] { flex: 1; min-width: 4rem; min-height: 1.5rem; padding: 0 .4rem;
  border-color: var(--line); background: none; }
.note input[type=text]:hover, .note input[type=text]:focus { border-color: var(--edge); }
kbd { font: .75rem ui-monospace, Consolas, "DejaVu Sans Mono", monospace; color: var(--soft);
  border: 1px solid var(--line); border-radius: 3px; padding: 0 .25rem; background: var(--card); }
.keys { color: var(--soft); font-size: .85rem; margin: 0 0 .7rem; }
.keys summary { cursor: pointer; }
.keys kbd { margin: 0 .15rem 0 .6rem; }
.problem { color: var(--red); font-size: .92em; }
.foot { position: sticky; bottom: 0; z-index: 4; background: var(--card); margin-top: 1rem;
  border: 1px solid var(--line); border-radius: 8px; padding: .55rem .75rem; display: flex;
  gap: .8rem; align-items: center; flex-wrap: wrap; box-shadow: 0 -4px 14px #0000000f; }
.foot progress { flex: 1 1 8rem; height: .45rem; min-width: 5rem; appearance: none; border: 0;
  border-radius: 3px; overflow: hidden; background: var(--rest); }
.foot progress::-webkit-progress-bar { background: var(--rest); }
.foot progress::-webkit-progress-value { background: var(--gain); }
.foot progress::-moz-progress-bar { background: var(--gain); }
.foot .said { flex-basis: 100%; color: var(--soft); margin: 0; }
.foot .said:empty { display: none; }

@media (max-width: 46rem) {
  html { scroll-padding-bottom: 7.5rem; }
  .wrap { padding: 0 .8rem; }
  .rows .row { grid-template-columns: 1fr; gap: .05rem; }
  .item { grid-template: none / 1fr; }
  .item .choices { grid-row: auto; }
  .shown { margin-left: 0; flex-basis: 100%; }
  .tools select { flex: 1 1 8rem; min-width: 0; }
  .candidate .score { width: 2rem; }
  .meter, .choices kbd { display: none; }
}
@media (forced-colors: active) {
  svg.bar, .key { forced-color-adjust: none; }
  li.account.decided { border-left-color: Highlight; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --edge: #777;
    --rest: #e4e4e4; --wash: #fff;
  }
  body { font-size: 9.5pt; }
  nav.bar, .tools, .pager, .foot, .keys, .skip, .note:not(.filled), kbd { display: none; }
  .wrap { max-width: none; padding: 0; }
  .rows > li { break-inside: avoid; }
  svg.bar, .key, .tag, .meter { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
}
]==]
