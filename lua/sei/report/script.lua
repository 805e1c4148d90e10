--- The script of a report's page, all of it.
-- @module sei.report.script
return table.concat { "'use strict';\n(() => {\n", require "sei.report.pure_js",
  require "sei.report.lists_js", require "sei.report.review_js", [==[
const data = JSON.parse(document.getElementById('data').textContent);
listRows(data, 'changes', 'Changes', ['change', 'add', 'fields']);
listRows(data, 'conflicts', 'Conflicts', ['conflict', 'protected']);
listRows(data, 'kept', 'Kept', ['keep']);
listMissing(data);
const review = document.getElementById('review');
if (review) new Review(data, review);
})();
]==] }
