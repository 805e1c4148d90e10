--- The script of a report's page, first part: texts, search and CSV; it touches
-- no element of the page.
-- @module sei.report.pure_js
return [==[
// Cells of the review file have an apostrophe in front where a spreadsheet would
// take them for something else (sei.review.csv).
function unguard(cell) { return cell[0] === "'" ? cell.slice(1) : cell; }

// What a person typed gets one in every case of doubt: reading takes one off.
function guard(text) {
  if (text === '') return '';
  const plain = /^\p{L}/u.test(text) && !/^\p{L}+[\s\-/.,]*\d/u.test(text) &&
    !/^(true|false)$/i.test(text);
  return plain || /^\p{L}[^\s]*@/u.test(text) ? text : "'" + text;
}

function csvCell(text, delimiter) {
  const quoted = text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return quoted ? '"' + text.replace(/"/g, '""') + '"' : text;
}

function csvText(file, rows) {
  const lines = [file.columns, ...rows].map(
    (row) => row.map((cell) => csvCell(cell, file.delimiter)).join(file.delimiter));
  return (file.bom ? '\ufeff' : '') + lines.join(file.newline) + file.newline;
}

// What is searched: letter case and marks above letters make no difference.
function plain(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

// A test of texts that were made plain: all words stand in it.
function searcher(query) {
  const words = plain(query).split(/\s+/).filter((word) => word !== '');
  return (text) => words.every((word) => text.includes(word));
}

const UNSEEN = new RegExp('[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f' +
  '\\u2028-\\u202e\\u2060-\\u2069\\ufeff]', 'g');

// A text in pieces: [text, false], and [name, true] for what nobody would see.
function pieces(text) {
  const list = [];
  let from = 0;
  for (const hit of text.matchAll(UNSEEN)) {
    if (hit.index > from) list.push([text.slice(from, hit.index), false]);
    const code = hit[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    list.push(['U+' + code, true]);
    from = hit.index + 1;
  }
  if (from < text.length) list.push([text.slice(from), false]);
  return list;
}

// A text where no element can stand, an option or a label.
function seen(text) { return pieces(text).map(([piece]) => piece).join(''); }

function number(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ','); }

function words(name) { return name.replace(/_/g, ' '); }

// "Jane Doe <jane@example.com>" in two.
function person(shown) {
  const hit = /^(.*?)\s*<([^<>]*)>$/.exec(shown);
  return hit ? { name: hit[1], email: hit[2] } : { name: shown, email: '' };
}
]==]
