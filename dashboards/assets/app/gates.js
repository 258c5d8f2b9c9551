// A plot also tells of its size and of every zoom. Those must not come after a drag or a typed number as a second question:
// the answer to the first would be dropped, and the move with it. Only outlines pass.
// Numbers take a moment to compute: those of a gate that has moved on meanwhile, or of another sample, are not shown.
// Asking for the draft and writing the numbers is one step here: an answer that came between the two would be written over.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  gates: {
    dragged(relayout) {
      const outlines = Object.keys(relayout || {}).some((key) => key.startsWith('shapes'));
      return outlines ? relayout : window.dash_clientside.no_update;
    },
    measured(found) {
      const gate = (d) => d && JSON.stringify([d.sample, d.population, d.now]);
      const draft = window.dash_component_api.getLayout('gates-draft');
      if (!found || !draft || gate(found.of) !== gate(draft.props.data)) return;
      window.dash_clientside.set_props('gates-numbers', { children: found.numbers });
      window.dash_clientside.set_props('gates-tree', { children: found.tree });
    },
  },
});
