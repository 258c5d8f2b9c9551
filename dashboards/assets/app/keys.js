// n next, p previous, a accept, u undo, r redo, s to the reason: the keys press the buttons that are on the page.
document.addEventListener("keydown", (event) => {
  const on = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || on.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName)) return;
  const id = { n: "gates-next", p: "gates-previous", a: "gates-accept", u: "gates-undo", r: "gates-redo" }[event.key];
  const button = id && document.getElementById(id);
  if (button) { button.click(); event.preventDefault(); }
  const reason = event.key === "s" && document.getElementById("gates-reason");
  if (reason) { reason.focus(); event.preventDefault(); }
});
