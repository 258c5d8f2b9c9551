// n next, p previous, a accept, u undo, r redo, s to the reason: the keys press the buttons that are on the page.
const KEYS = {
  n: ["gates-next"], p: ["gates-previous"], a: ["gates-accept", "plates-approve"],
  u: ["gates-undo", "plates-undo", "samples-undo"], r: ["gates-redo", "samples-redo"],
};
document.addEventListener("keydown", (event) => {
  const on = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || on.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName)) return;
  const button = (KEYS[event.key] || []).map((id) => document.getElementById(id)).find(Boolean);
  if (button) { button.click(); event.preventDefault(); }
  const reason = event.key === "s" && (document.getElementById("gates-reason") || document.getElementById("plates-reason"));
  if (reason) { reason.focus(); event.preventDefault(); }
});
// A row of the gate tree leads to its gate, as the button of the same step does.
document.addEventListener("click", (event) => {
  const row = event.target.closest("#gates-tree tr[data-population]");
  const step = row && [...document.querySelectorAll("#gates-steps button")].find((b) => b.dataset.step === row.dataset.population);
  if (step) step.click();
});
