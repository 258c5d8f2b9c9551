// A file that is too large is refused before the browser reads it: sent, it would be cut off without a word.
function refuseLarge(event) {
  const zone = event.target.closest && event.target.closest("[data-most-bytes]");
  const file = zone && ((event.dataTransfer || event.target).files || [])[0];
  const most = zone && Number(zone.dataset.mostBytes);
  if (!file || file.size <= most) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.type === "change") event.target.value = "";
  else event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true, cancelable: true }));
  const sizes = `${(file.size / 1e6).toFixed(1)} MB, expected FlowJo's table of statistics, at most ${most / 1e6} MB`;
  const children = `✕ ${file.name}: ${sizes}`;
  const said = { namespace: "dash_html_components", type: "Span", props: { className: "failed", children } };
  dash_clientside.set_props(zone.querySelector("[role=status]").id, { children: said });
}
document.addEventListener("change", refuseLarge, true);
document.addEventListener("drop", refuseLarge, true);
