// Polygons coloured by one indicator, their labels, the legend and what lies in none of them.
// Usually what was reported in the last 7 days, which every frame carries; any other as `47_paint.js` fetched it.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count, parts } = Wall.format;
  const { t } = Wall;
  const ANEW_MS = 3_600_000;
  const QUIET_MS = 1_000;
  let bounds = [0]; // fixed for an hour from when a grid is opened, so a colour keeps its meaning while one looks
  let measuredAt = -Infinity;
  let painted = null; // the state last painted
  let steps = new Map(); // code -> step now painted
  let legend = ""; // the classes and their counts now painted
  let hatched = ""; // the codes now hatched
  let colouredAt = -Infinity;
  let colouring = null;

  const reported = (state, code) => state.figures.get(`child.${code}`)?.n ?? 0;

  function measure(state) {
    measuredAt = performance.now();
    bounds = Wall.scale.breaks(state.children.map((child) => reported(state, child.code)));
  }

  /** What a child shows: {step (null: no colour), text of its label, weight among labels, small (hatched)}. */
  function usual(state, code) {
    const n = reported(state, code);
    return { step: Wall.scale.step(bounds, n), text: count(n), weight: Number(n), small: false };
  }

  function chosen(code) {
    const item = Wall.paint.item(code);
    if (!item) return { step: null, text: "", weight: 0, small: false };
    const { value, numerator: n, denominator: of, small } = item;
    const text = small ? `${n}/${of}` : value === null ? "—" : String(value);
    return { step: item.step, text, weight: value ?? 0, small };
  }

  const shown = (state, code) => (Wall.paint.isUsual() ? usual(state, code) : chosen(code));

  /** {step, low, count, words} a class, from the least. */
  function classes(state) {
    if (!Wall.paint.isUsual()) return Wall.paint.classes();
    const counts = new Map();
    for (const child of state.children) {
      const at = Wall.scale.classOf(bounds, reported(state, child.code));
      counts.set(at, (counts.get(at) || 0) + 1);
    }
    return bounds.map((low, at) => ({
      step: Wall.scale.shade(at, bounds.length), low, high: at === bounds.length - 1 ? null : bounds[at + 1] - 1, count: counts.get(at) || 0,
    }));
  }

  function paintLegend(state) {
    document.getElementById("legend").classList.toggle("leaf", !state.children.length);
    const found = classes(state);
    const { title, unit, small, unknown } = Wall.paint.legend();
    const told = JSON.stringify([title, found, small, unknown]);
    if (told === legend) return;
    legend = told;
    write(document.getElementById("legend-title"), title);
    const rows = found.map(({ step, low, high, count: n }, at) => {
      const open = high === null && at > 0;
      const words = open ? t("{low} {unit}及以上：{n} 个网格", { low, unit, n }) : t("{low} {unit}起：{n} 个网格", { low, unit, n });
      return make("li", { "data-step": step, title: words },
        make("span", { class: "swatch" }, n ? String(n) : ""), make("span", { class: "bound" }, `${low}${open ? "+" : ""}`));
    });
    const others = [["small", small, t("样本不足")], ["unknown", unknown, t("无数据")]].filter(([, n]) => n);
    const more = others.map(([name, n, word]) => make("li", { "data-other": name, title: t("{word}：{n} 个网格", { word, n }) },
      make("span", { class: "swatch" }, String(n)), make("span", { class: "bound" }, word)));
    document.getElementById("legend-steps").replaceChildren(...rows, ...more);
  }

  function paintUnassigned(state) {
    const figure = state.figures.get("unassigned");
    const node = document.getElementById("unassigned");
    if (!figure) return write(node, "");
    write(node, t("待定位 {total} · 未归下级 {n}", { total: count(figure.total), n: count(figure.n) }));
    node.title = t("待定位：没有落入任何网格的案件，共 {parts} 件，点开看清单；未归下级：近7日在本网格上报、但不在任何下级网格内的 {n} 件",
      { parts: parts(figure.total, figure.of), n: count(figure.n) });
  }

  function paintCells(state) {
    if (!Wall.map.get()) return;
    const few = [];
    for (const child of state.children) {
      const { step, small } = shown(state, child.code);
      if (small) few.push(child.code);
      if (steps.get(child.code) === step) continue;
      steps.set(child.code, step);
      colouredAt = performance.now();
      Wall.map.colour(child.code, step);
    }
    if (few.join() === hatched) return;
    hatched = few.join();
    Wall.map.hatch(few);
  }

  /** The same, when it may be or nothing has changed for a second: each change of a colour has the map drawn anew. The
   *  numbers on it do not wait. */
  function paintCellsSoon() {
    clearTimeout(colouring);
    const rest = colouredAt + Wall.map.restMs() - performance.now();
    if (rest > 0) colouring = setTimeout(() => paintCells(painted), Math.min(rest, QUIET_MS));
    else paintCells(painted);
  }

  function paintLabels(state, anew) {
    const children = state.children.map((child) => {
      const { text, weight } = shown(state, child.code);
      return { ...child, n: text, weight };
    });
    Wall.labels.show(children.length ? children : [{ ...state.grid, n: null, weight: 0 }], anew);
  }

  function paint(state, changes, whole) {
    const touched = whole || [...changes.figures].some((key) => key.startsWith("child."));
    if (whole || changes.figures.has("unassigned")) paintUnassigned(state);
    painted = state;
    Wall.paint.follow(state, touched, whole);
    if (!touched) return;
    // A scale with a single class says nothing: it is measured anew as soon as a first case gives it a second one.
    if (whole || bounds.length === 1 || performance.now() - measuredAt > ANEW_MS) measure(state);
    if (whole) {
      hatched = "-"; // a map that was made again has no hatching
      steps = new Map(); // and no colours
      paintCells(state);
      colouredAt = -Infinity; // the first change after it is coloured at once
    } else paintCellsSoon();
    paintLabels(state, whole);
    paintLegend(state);
  }

  /** Another indicator, or fresh values of it. */
  function repaint() {
    if (!painted) return;
    paintCells(painted);
    paintLabels(painted, false);
    paintLegend(painted);
  }

  /** Measure the scale anew, as is done once an hour: a wall that hangs for weeks is not to keep the scale of its first day. */
  function renew() {
    measure(painted);
    paintCells(painted);
    paintLegend(painted);
  }

  Wall.choropleth = { paint, renew, repaint, reported };
})();
