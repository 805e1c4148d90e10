--- The script of a report's page, all of it.
-- @module sei.report.script
return table.concat { "'use strict';\n(() => {\n", require "sei.report.pure_js",
  require "sei.report.lists_js", require "sei.report.review_js", [==[
const source = document.getElementById('data');
const data = JSON.parse(source.textContent);
listRows(data, 'changes', 'Changes', ['change', 'add', 'fields']);
listRows(data, 'conflicts', 'Conflicts and protected', ['conflict', 'protected']);
listRows(data, 'irreversible', 'What the service cannot take back', ['irreversible']);
listRows(data, 'kept', 'Kept', ['keep']);
listMissing(data);
const review = document.getElementById('review');
if (review) new Review(data, review, 'sei-report:' + source.dataset.digest);
})();
]==] }
