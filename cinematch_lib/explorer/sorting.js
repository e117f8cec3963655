// Tables of `markup.table` are sorted by a press on the head of a column: numbers from the highest, texts from A.

const asNumber = text => Number(text.replace("−", "-").replace(/[,%+±\s]/g, "") || "NaN");

function sortTable(button) {
  const head = button.closest("th"), table = button.closest("table"), column = head.cellIndex;
  const rows = [...table.rows].slice(1), text = row => row.cells[column]?.textContent ?? "";
  const isNumeric = rows.every(row => !text(row).trim() || Number.isFinite(asNumber(text(row))));
  const before = head.getAttribute("aria-sort"), descending = before ? before === "ascending" : isNumeric;
  const compare = isNumeric
    ? (a, b) => (asNumber(text(a)) || 0) - (asNumber(text(b)) || 0)
    : (a, b) => text(a).localeCompare(text(b));
  rows.sort((a, b) => (descending ? -compare(a, b) : compare(a, b)));
  for (const other of table.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  rows[0]?.parentElement.append(...rows);
}

function listenForSorting(page, signal) {
  document.addEventListener("click", event => {
    const button = event.target.closest?.("table.cm-sortable .cm-sort");
    if (button && page().contains(button)) sortTable(button);
  }, {signal});
}
