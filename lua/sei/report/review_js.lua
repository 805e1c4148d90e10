--- The script of a report's page, third part: deciding whose an account is, and
-- the review file that is downloaded. What it writes is read by sei.review.
-- @module sei.report.review_js
return [==[
// Decisions outlast a reload where the browser has storage for files; without
// it the page asks before it is left.
class Store {
  constructor(key) {
    this.key = key;
    this.works = true;
  }

  read() {
    try { return JSON.parse(localStorage.getItem(this.key)) || {}; } catch (e) { return {}; }
  }

  write(value) {
    try { localStorage.setItem(this.key, JSON.stringify(value)); } catch (e) { this.works = false; }
  }
}

const STATES = { open: 'To review', undecided: 'Undecided', decided: 'Decided',
  settled: 'Settled earlier', absent: 'Not in the input' };
const MOST = 5;

class Review {
  constructor(data, section, key) {
    this.data = data;
    this.file = data.review;
    this.column = Object.fromEntries(this.file.columns.map((name, index) => [name, index]));
    this.rows = this.file.rows.map((cells, index) => this.rowOf(cells, index));
    this.store = new Store(key);
    this.restore(this.store.read());
    this.build(section.querySelector('.fill'));
    this.listen();
    this.progress();
  }

  // ---- rows ----

  rowOf(cells, index) {
    const cell = (name) => unguard(cells[this.column[name]]);
    const row = { cells, index, cell, candidates: [], damaged: cells[cells.length - 1] !== '' };
    for (let i = 1; i <= MOST && cell('person_' + i) !== ''; i++) {
      row.candidates.push({ key: cell('person_' + i), score: Number(cell('score_' + i)) || 0,
        why: cell('why_' + i), ...person(cell('candidate_' + i)) });
    }
    row.who = cell('login') || cell('name') || cell('email') || cell('account');
    row.first = { ...this.saidIn(row), note: cell('note') };
    row.now = { ...row.first };
    row.open = ['review', 'none'].includes(cell('class'));
    return row;
  }

  // What the file says already, as one of the choices; "kept" is none of them.
  saidIn(row) {
    const decision = row.cell('decision').trim().toLowerCase();
    const name = row.cell('person').trim();
    const accept = /^accept\s*([1-5]?)$/.exec(decision);
    if (decision === '' && name === '') return { value: 'open', text: '' };
    if (accept && name === '') return { value: 'c' + (accept[1] || 1), text: '' };
    if (decision === 'reject' && name === '') return { value: 'none', text: '' };
    if (decision === 'ignore') return { value: 'ignore', text: '' };
    if (decision === 'choose') return { value: 'other', text: name };
    return { value: 'kept', text: '' };
  }

  isDecided(row) {
    const { value, text } = row.now;
    return value !== 'open' && (value !== 'other' || text.trim() !== '');
  }

  isChanged(row) {
    return ['value', 'text', 'note'].some((name) => row.now[name] !== row.first[name]);
  }

  stateOf(row) {
    if (row.open) return ['open', this.isDecided(row) ? 'decided' : 'undecided'];
    return [row.cell('class')];
  }

  // The cells as they are written: those of the file but for what was decided.
  cellsOf(row) {
    const cells = row.cells.slice(0, this.file.columns.length);
    const { value, text, note } = row.now;
    if (value !== row.first.value || text !== row.first.text) {
      const name = text.trim();
      const said = { open: ['', ''], none: ['reject', ''], ignore: ['ignore', ''],
        other: name === '' ? ['', ''] : ['choose', name] }[value] ||
        ['accept ' + value.slice(1), ''];
      cells[this.column.decision] = said[0];
      cells[this.column.person] = guard(said[1]);
    }
    if (note !== row.first.note) cells[this.column.note] = guard(note.trim());
    return cells;
  }

  // ---- keeping ----

  restore(kept) {
    for (const row of this.rows) {
      row.now = { ...row.first, ...(kept[row.index] || {}) };
      const choices = this.choicesOf(row).map((choice) => choice.value);
      if (!choices.includes(row.now.value)) row.now = { ...row.first };
    }
  }

  keep() {
    const kept = {};
    for (const row of this.rows) if (this.isChanged(row)) kept[row.index] = row.now;
    this.store.write(kept);
    this.unsaved = true;
  }

  set(row, change) {
    Object.assign(row.now, change);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), 50);
    this.mark(row);
    this.progress();
  }

  // ---- the list ----

  build(place) {
    const there = new Set(this.rows.flatMap((row) => this.stateOf(row)));
    const order = Object.keys(STATES).filter(
      (name) => there.has(name) || (name === 'decided' || name === 'undecided'));
    const filters = [
      { label: 'All states', value: (row) => this.stateOf(row), name: (name) => STATES[name],
        order, first: there.has('open') ? 'open' : undefined },
      { label: 'All reasons', value: (row) => row.cell('reason') || row.cell('class') },
      { label: 'All integrations', value: (row) => row.cell('integration_id') || 'none given',
        name: (name) => name },
      { label: 'Any candidates', value: (row) => (row.candidates.length === 0 ? 'no candidate' :
        row.candidates.length === 1 ? 'one candidate' : 'several candidates') },
    ];
    this.names = el('datalist', { id: 'people' });
    place.append(this.help(), this.names);
    this.list = new List(place, 'Review', this.rows, { size: 25, filters,
      text: (row) => row.cells.slice(0, this.file.columns.length).map(unguard).join(' '),
      draw: (row) => this.draw(row) });
    place.append(this.foot());
  }

  help() {
    const key = (name, what) => [el('kbd', {}, name), what];
    return el('details', { className: 'keys' }, el('summary', {}, 'Keys'),
      key('Tab', 'next field'), key('↑ ↓', 'choose'), key('1 … 5', 'choose and go on'),
      key('r', 'none of these'), key('i', 'ignore'), key('p', 'another person'),
      key('u', 'undecided'), key('n', 'note'), key('j k', 'next, previous account'),
      key('/', 'search'));
  }

  choicesOf(row) {
    const list = row.candidates.map((candidate, index) => (
      { value: 'c' + (index + 1), candidate, hint: String(index + 1) }));
    if (row.candidates.length > 0 || row.cell('rejected') !== '') {
      list.push({ value: 'none', label: 'None of these', hint: 'r' });
    }
    list.push({ value: 'ignore', label: 'Ignore', hint: 'i' });
    if (row.first.value === 'kept') {
      list.push({ value: 'kept', label: 'As in the file: ' + seen(row.cell('decision') +
        ' ' + row.cell('person')) });
    }
    list.push({ value: 'open', label: 'Undecided', hint: 'u' },
      { value: 'other', label: 'Another:', hint: 'p' });
    return list;
  }

  choice(row, { value, label, candidate, hint }) {
    const radio = el('input', { type: 'radio', name: 'r' + row.index, value,
      checked: row.now.value === value, onchange: () => this.set(row, { value }) });
    const hinted = hint ? el('kbd', { 'aria-hidden': 'true' }, hint) : '';
    if (!candidate) return el('label', {}, radio, label, hinted);
    const meter = el('i');
    meter.style.width = Math.min(100, Math.max(0, candidate.score)) + '%';
    return el('label', { className: 'candidate' }, radio, el('span', { className: 'text' },
      outside(candidate.name || candidate.key, 'name'), ' ', outside(candidate.email, 'from'), ' ',
      outside(candidate.why, 'why')), el('span', { className: 'score' },
      hidden('score '), String(candidate.score), el('span', { className: 'meter',
        'aria-hidden': 'true' }, meter)), hinted);
  }

  textField(row, name, properties) {
    return el('input', { type: 'text', value: row.now[name], autocomplete: 'off',
      spellcheck: false, 'data-of': name, ...properties });
  }

  others(row, choices) {
    const another = this.textField(row, 'text', { 'aria-label': 'Another person for ' +
      seen(row.who) + ': e-mail or id', title: 'e-mail or id', oninput: () => {
      this.suggest(another.value);
      this.set(row, { text: another.value, value: another.value === '' ? 'open' : 'other' });
    } });
    another.setAttribute('list', 'people');
    return el('div', { className: 'more' }, choices, another);
  }

  noteOf(row) {
    const note = this.textField(row, 'note', { 'aria-label': 'Note on ' + seen(row.who),
      oninput: () => this.set(row, { note: note.value }) });
    return el('label', { className: 'note' }, 'Note', note);
  }

  account(row) {
    const rest = ['name', 'email'].map((name) => row.cell(name)).filter(
      (text) => text !== '' && text !== row.who);
    const lines = [['', row.cell('message') || words(row.cell('reason'))],
      ['decided before: ', row.cell('before')], ['rejected: ', row.cell('rejected')]];
    return el('div', {}, el('div', { id: 'who' + row.index }, row.cell('integration_id') !== '' ?
      [outside(row.cell('integration_id'), 'place'), ' '] : '', outside(row.who, 'who')),
    rest.map((text) => el('div', {}, outside(text))),
    lines.filter(([, text]) => text !== '').map(([before, text]) => el('div', { className:
      'why' }, before, outside(text))));
  }

  draw(row) {
    if (row.damaged) {
      return el('li', { className: 'account' }, el('div', { className: 'item' }, this.account(row),
        el('p', { className: 'problem' }, 'Cells of this row were changed in the file, so that ' +
          'nothing can be decided here. Take the row from a file as it was written.')));
    }
    const choices = this.choicesOf(row);
    const first = choices.filter((choice) => choice.candidate);
    const then = choices.filter((choice) => !choice.candidate);
    const group = el('div', { className: 'choices', role: 'radiogroup', 'aria-labelledby':
      'who' + row.index }, first.map((choice) => this.choice(row, choice)),
    this.others(row, then.map((choice) => this.choice(row, choice))));
    const li = el('li', { className: 'account', id: 'row' + row.index }, el('div', { className:
      'item' }, this.account(row), group, this.noteOf(row)));
    li.row = row;
    this.mark(row, li);
    return li;
  }

  // Shows what is decided, in place: the focus stays where it is.
  mark(row, item) {
    const li = item || document.getElementById('row' + row.index);
    if (!li) return;
    li.classList.toggle('decided', this.isDecided(row));
    li.querySelector('.note').classList.toggle('filled', row.now.note !== '');
    for (const radio of li.querySelectorAll('input[type=radio]')) {
      radio.checked = radio.value === row.now.value;
      radio.closest('label').classList.toggle('on', radio.checked && radio.value !== 'open');
    }
  }

  // People whose name or address has what was typed.
  suggest(typed) {
    if (!this.people) this.people = this.knownPeople();
    const fits = searcher(typed), list = [];
    for (const one of typed.trim().length < 2 ? [] : this.people) {
      if (fits(one.plain)) list.push(el('option', { value: one.shown }));
      if (list.length === 12) break;
    }
    this.names.replaceChildren(...list);
  }

  knownPeople() {
    const all = new Map();
    const add = (name, email) => {
      const key = email.toLowerCase();
      if (!email.includes('@') || (all.has(key) && !name)) return;
      const shown = name ? name + ' <' + email + '>' : email;
      all.set(key, { shown, plain: plain(shown) });
    };
    for (const row of this.rows) for (const one of row.candidates) add(one.name, one.email);
    for (const row of this.data.rows) if (!Array.isArray(row[BEFORE])) {
      add('', row[BEFORE]);
      add('', row[AFTER]);
    }
    this.data.missing.forEach((email) => add('', email));
    return [...all.values()];
  }

  // ---- keys ----

  listen() {
    this.list.list.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('keydown', (event) => {
      if (event.key === '/' && !event.target.matches('input[type=text], input[type=search]')) {
        event.preventDefault();
        this.list.search.focus();
      }
    });
    // Another tab with the same report.
    window.addEventListener('storage', (event) => {
      if (event.key !== this.store.key) return;
      this.restore(this.store.read());
      this.list.turn(this.list.page);
      this.progress();
    });
    window.addEventListener('pagehide', () => this.keepNow());
    window.addEventListener('beforeunload', (event) => {
      this.keepNow();
      if (this.unsaved && !this.store.works) event.preventDefault();
    });
  }

  keepNow() {
    if (this.timer) this.keep();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  key(event) {
    const li = event.target.closest('li.account');
    if (!li || !li.row || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.type === 'text') {
      if (event.key === 'Enter') this.go(li.row, 1);
      else if (event.key === 'Escape') this.focus(li);
      else return;
    } else if (!this.command(li, event.key)) return;
    event.preventDefault();
  }

  // Does what a key says; false if it says nothing.
  command(li, key) {
    const value = { r: 'none', i: 'ignore', u: 'open' }[key] || (/^[1-5]$/.test(key) && 'c' + key);
    if (value) {
      if (!this.choicesOf(li.row).some((choice) => choice.value === value)) return false;
      this.set(li.row, { value });
      if (value === 'open') this.focus(li);
      else this.go(li.row, 1);
    } else if (key === 'j' || key === 'k') this.go(li.row, key === 'j' ? 1 : -1);
    else if (key === 'p') li.querySelector('[data-of=text]').focus();
    else if (key === 'n') li.querySelector('[data-of=note]').focus();
    else return false;
    return true;
  }

  focus(li) {
    const target = li.querySelector('input:checked');
    if (!target) return;
    target.focus({ preventScroll: true });
    li.scrollIntoView({ block: 'nearest' });
  }

  // To the account that many rows on, which may be on another page.
  go(row, step) {
    const list = this.list;
    let at = list.found.indexOf(row.index) + step;
    while (list.found[at] !== undefined && this.rows[list.found[at]].damaged) at += step;
    const index = list.found[at];
    if (index === undefined) {
      this.focus(document.getElementById('row' + row.index));
      return this.tell(step > 0 ? 'That was the last account of the list.' :
        'That was the first account of the list.');
    }
    const page = Math.floor(at / list.size);
    if (page !== list.page) list.turn(page);
    this.focus(document.getElementById('row' + index));
  }

  // ---- the file ----

  foot() {
    this.meter = el('progress', { 'aria-label': 'Decided' });
    this.counted = el('span', { role: 'status' });
    this.said = el('p', { className: 'said', role: 'status' });
    return el('div', { className: 'foot' }, this.counted, this.meter,
      el('button', { type: 'button', onclick: () => this.discard() }, 'Discard'),
      el('button', { type: 'button', className: 'main', id: 'download', onclick: () =>
        this.download() }, 'Download ' + this.file.name), this.said);
  }

  tell(text) { this.said.textContent = text; }

  progress() {
    const open = this.rows.filter((row) => row.open);
    const done = open.filter((row) => this.isDecided(row)).length;
    this.meter.max = Math.max(1, open.length);
    this.meter.value = done;
    this.counted.textContent = number(done) + ' of ' + number(open.length) + ' decided';
    if (this.said.textContent !== '') this.tell('');
  }

  discard() {
    const changed = this.rows.filter((row) => this.isChanged(row));
    if (changed.length === 0) return this.tell('There is nothing to discard.');
    if (!window.confirm('Discard what was decided here about ' + number(changed.length) +
      (changed.length === 1 ? ' account?' : ' accounts?'))) return;
    for (const row of changed) row.now = { ...row.first };
    this.keep();
    this.list.turn(this.list.page);
    this.progress();
  }

  download() {
    const text = csvText(this.file, this.rows.map((row) => this.cellsOf(row)));
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    const link = el('a', { href: url, download: this.file.name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    this.keepNow();
    this.unsaved = false;
    const changed = this.rows.filter((row) => this.isChanged(row)).length;
    this.tell(this.file.name + ' has ' + (changed === 1 ? 'one new decision or note.' :
      number(changed) + ' new decisions and notes.') + ' Put it in the place of the review file ' +
      'that the recipe reads, and run sei plan again.');
  }
}
]==]
