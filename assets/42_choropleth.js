// Polygons coloured by what was reported in the last 7 days, their labels, the legend and what lies in none of them.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count } = Wall.format;
  let bounds = [0]; // fixed when a grid is opened, so a colour keeps its meaning while the wall is live
  let steps = new Map(); // code -> step now painted

  const reported = (state, code) => state.figures.get(`child.${code}`)?.n ?? 0;

  function measure(state) {
    bounds = Wall.scale.breaks(state.children.map((child) => reported(state, child.code)));
    steps = new Map();
  }

  function paintLegend(state) {
    const counts = new Map();
    for (const child of state.children) {
      const at = Wall.scale.classOf(bounds, reported(state, child.code));
      counts.set(at, (counts.get(at) || 0) + 1);
    }
    const classes = bounds.map((bound, at) => {
      const step = Wall.scale.shade(at, bounds.length);
      const last = at === bounds.length - 1 && bounds.length > 1;
      const n = counts.get(at) || 0;
      return make("li", { "data-step": step, title: `${bound}${last ? " 件及以上" : " 件起"}：${n} 个网格` },
        make("span", { class: "swatch" }, n ? String(n) : ""),
        make("span", { class: "bound" }, `${bound}${last ? "+" : ""}`));
    });
    document.getElementById("legend-steps").replaceChildren(...classes);
    document.getElementById("legend").classList.toggle("leaf", !state.children.length);
  }

  function paintUnassigned(state) {
    const figure = state.figures.get("unassigned");
    const node = document.getElementById("unassigned");
    if (!figure) return write(node, "");
    write(node, `待定位 ${count(figure.total)} · 未归下级 ${count(figure.n)}`);
    node.title = `待定位：没有落入任何网格的案件，共 ${count(figure.total)} 件；未归下级：近7日在本网格上报、但不在任何下级网格内的 ${count(figure.n)} 件`;
  }

  function paintCells(state) {
    if (!Wall.map.get()) return;
    for (const child of state.children) {
      const step = Wall.scale.step(bounds, reported(state, child.code));
      if (steps.get(child.code) === step) continue;
      steps.set(child.code, step);
      Wall.map.colour(child.code, step);
    }
  }

  function paintLabels(state, anew) {
    const children = state.children.map((child) => ({ ...child, n: reported(state, child.code) }));
    Wall.labels.show(children.length ? children : [{ ...state.grid, n: null }], anew);
  }

  function paint(state, changes, whole) {
    const touched = whole || [...changes.figures].some((key) => key.startsWith("child."));
    if (whole || changes.figures.has("unassigned")) paintUnassigned(state);
    if (!touched) return;
    // A scale with a single class says nothing: it is measured anew as soon as a first case gives it a second one.
    if (whole || bounds.length === 1) measure(state);
    paintCells(state);
    paintLabels(state, whole);
    paintLegend(state);
  }

  Wall.choropleth = { paint, reported };
})();
