--- The script of a report's page, second part: lists that are searched, filtered
-- and shown a page at a time.
-- @module sei.report.lists_js
return [==[
// An element; properties by name, "aria-…", "data-…", "for" and "role" as attributes.
function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === 'for' || name === 'role' || name.includes('-')) node.setAttribute(name, value);
    else node[name] = value;
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== '') node.append(child);
  }
  return node;
}

// A text from outside: its direction ends with it, and what is unseen is named.
function outside(text, className) {
  const node = el('bdi', className ? { className } : {});
  for (const [piece, odd] of pieces(text)) {
    node.append(odd ? el('span', { className: 'odd' }, piece) : piece);
  }
  return node;
}

function hidden(text) { return el('span', { className: 'hidden' }, text); }

const PRINTED = 3000;

// A list of `rows`. options: `size` of a page; `text(row)`: what is searched;
// `filters`: [{ label, value(row), name(value) }]; `draw(row, index)`: an li.
class List {
  constructor(place, title, rows, options) {
    Object.assign(this, options, { title, rows, page: 0, plain: [] });
    this.found = rows.map((row, index) => index);
    this.build(place);
    this.refresh();
    window.addEventListener('beforeprint', () => this.print(true));
    window.addEventListener('afterprint', () => this.print(false));
  }

  build(place) {
    this.search = el('input', { type: 'search', 'aria-label': 'Search in ' + this.title,
      oninput: () => this.later() });
    this.selects = this.filters.map((filter) => this.select(filter));
    this.shown = el('span', { className: 'shown', role: 'status' });
    this.list = el('ol', { className: 'rows', 'aria-label': this.title });
    this.pager = this.pagerOf();
    place.append(el('div', { className: 'tools', role: 'search', 'aria-label': this.title },
      el('label', { className: 'search' }, 'Search', this.search),
      this.selects.filter((select) => select.options.length > 2), this.shown),
    this.list, this.pager);
  }

  // All values with how many rows have them; the most of them first.
  select(filter) {
    const counts = new Map();
    for (const row of this.rows) {
      for (const value of [filter.value(row)].flat()) {
        counts.set(value, (counts.get(value) || 0) + 1);
      }
    }
    const name = (value) => seen((filter.name || words)(value));
    const values = filter.order || [...counts.keys()].sort(
      (a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
    const select = el('select', { 'aria-label': filter.label, onchange: () => this.refresh() },
      el('option', { value: 'all' }, filter.label));
    values.forEach((value, index) => select.append(el('option', { value: String(index) },
      filter.order ? name(value) : name(value) + ' (' + number(counts.get(value)) + ')')));
    select.test = (row) => {
      const wanted = values[Number(select.value)];
      return select.value === 'all' || [filter.value(row)].flat().includes(wanted);
    };
    if (filter.first) select.value = String(values.indexOf(filter.first));
    return select;
  }

  pagerOf() {
    const button = (label, step) => el('button', { type: 'button', onclick: () => {
      this.turn(this.page + step);
      this.list.scrollIntoView({ block: 'start' });
    } }, label);
    this.back = button('Previous', -1);
    this.next = button('Next', 1);
    this.where = el('span');
    return el('nav', { className: 'pager', 'aria-label': 'Pages of ' + this.title }, this.back,
      this.where, this.next);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), this.rows.length > 2000 ? 120 : 0);
  }

  refresh() {
    clearTimeout(this.timer);
    const fits = searcher(this.search.value);
    const anything = this.search.value.trim() === '';
    this.found = [];
    this.rows.forEach((row, index) => {
      if (!this.selects.every((select) => select.test(row))) return;
      if (!anything && this.plain[index] === undefined) this.plain[index] = plain(this.text(row));
      if (anything || fits(this.plain[index])) this.found.push(index);
    });
    this.turn(0);
  }

  pages() { return Math.max(1, Math.ceil(this.found.length / this.size)); }

  turn(page) {
    this.page = Math.min(Math.max(page, 0), this.pages() - 1);
    const from = this.page * this.size;
    this.fill(this.found.slice(from, from + this.size));
    const all = this.found.length === this.rows.length;
    this.shown.textContent = (all ? '' : number(this.found.length) + ' of ') +
      number(this.rows.length) + (this.rows.length === 1 ? ' row' : ' rows');
    this.pager.hidden = this.pages() === 1;
    this.where.textContent = number(from + 1) + '–' + number(Math.min(from + this.size,
      this.found.length)) + ' of ' + number(this.found.length);
    this.back.disabled = this.page === 0;
    this.next.disabled = this.page === this.pages() - 1;
  }

  fill(indexes) {
    this.list.replaceChildren(...indexes.map((index) => this.draw(this.rows[index], index)));
    if (indexes.length === 0) {
      this.list.append(el('li', { className: 'none' }, 'Nothing fits the search and the filters.'));
    }
  }

  // On paper stands all that fits the filters, not one page of it.
  print(begins) {
    if (!begins) return this.turn(this.page);
    this.fill(this.found.slice(0, PRINTED));
    if (this.found.length > PRINTED) {
      this.list.append(el('li', { className: 'none' }, 'and ' +
        number(this.found.length - PRINTED) + ' more; search or filter before printing'));
    }
  }
}

// ---- the rows of the plan ----

const KIND = 0, PLACE = 1, NAME = 2, BEFORE = 3, AFTER = 4, RULE = 5, CLASS = 6, WHY = 7,
  MESSAGE = 8, FATE = 9;

function to(after) {
  return el('span', { className: 'to' }, el('span', { 'aria-hidden': 'true' }, '→ '),
    hidden('to '), outside(after));
}

function arrow(before, after) {
  return [hidden('from '), outside(before, 'old'), ' ', to(after)];
}

function difference(row) {
  if (Array.isArray(row[BEFORE])) {
    return row[BEFORE].map(([name, before, after]) => el('div', {}, outside(name, 'place'), ': ',
      arrow(before === '' ? 'none' : before, after === '' ? 'none' : after)));
  }
  if (row[BEFORE] !== '' && row[AFTER] !== '' && row[BEFORE] !== row[AFTER]) {
    return arrow(row[BEFORE], row[AFTER]);
  }
  if (row[KIND] === 'add') return [to(row[AFTER])];
  return [outside(row[BEFORE] || row[AFTER])];
}

function reason(row) {
  if (row[MESSAGE] !== '') return [outside(row[MESSAGE])];
  const parts = [];
  if (row[RULE] !== '') parts.push(outside(row[RULE]));
  if (row[CLASS] !== '') parts.push(' ', el('span', { className: 'tag probable' }, row[CLASS]));
  if (row[WHY] !== '') parts.push(parts.length > 0 ? ' · ' : '', outside(row[WHY], 'why'));
  return parts;
}

const GOOD = ['verified', 'accepted'];

function drawRow(row) {
  const fate = row[FATE] !== '' && outside(row[FATE],
    'tag ' + (GOOD.includes(row[FATE]) ? 'done' : 'failed'));
  return el('li', {}, el('div', { className: 'row is-' + row[KIND] },
    el('span', {}, el('span', { className: 'tag ' + row[KIND] }, row[KIND])),
    el('span', {}, row[PLACE] !== '' ? [outside(row[PLACE], 'place'), ' '] : '',
      outside(row[NAME])),
    el('div', {}, difference(row)),
    el('div', { className: 'why' }, fate ? [fate, ' '] : '', reason(row))));
}

function rowText(row) { return row.flat(2).join(' '); }

function listRows(data, id, title, kinds) {
  const section = document.getElementById(id);
  if (!section) return;
  const filters = [
    { label: 'All kinds', value: (row) => row[KIND] },
    { label: 'All integrations', value: (row) => row[PLACE] || 'people',
      name: (name) => name },
    { label: 'All rules', value: (row) => row[RULE] || 'no rule', name: (name) => name },
    { label: 'All results', value: (row) => row[FATE].split(':')[0] || 'not to be sent' },
  ];
  new List(section.querySelector('.fill'), title, data.rows.filter(
    (row) => kinds.includes(row[KIND])), { size: 50, text: rowText, filters, draw: drawRow });
}

function listMissing(data) {
  const section = document.getElementById('missing');
  if (!section) return;
  new List(section.querySelector('.fill'), 'In the directory only', data.missing, { size: 50,
    text: (email) => email, filters: [], draw: (email) => el('li', {}, outside(email)) });
}
]==]
