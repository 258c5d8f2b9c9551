// A block copied in a spreadsheet goes to the server as it is, with the cell where it begins.
document.addEventListener("paste", (event) => {
  const grid = ["samples-grid", "samples-plate"].find((id) => document.getElementById(id)?.contains(event.target));
  if (!grid || /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  const api = window.dash_ag_grid && dash_ag_grid.getApi(grid);
  const cell = api && api.getFocusedCell();
  const text = event.clipboardData && event.clipboardData.getData("text/plain");
  if (!cell || !text) return;
  const row = api.getDisplayedRowAtIndex(cell.rowIndex);
  dash_clientside.set_props("samples-paste", {
    data: { grid, row: row.id, column: cell.column.getColId(), text, at: Date.now() },
  });
  event.preventDefault();
});
