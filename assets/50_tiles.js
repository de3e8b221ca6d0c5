// The six indicator tiles: value, unit, comparison, n / N, as of when, 24 points of trend.
"use strict";
(() => {
  const { draw, write, mark, line } = Wall.element;
  const { parts, minute, moment } = Wall.format;

  /** Points of a 24-value line in a box of 100 x 100, top = largest; null where nothing is known. */
  function plot(values) {
    const known = values.filter((value) => value !== null && value !== undefined);
    const low = Math.min(...known);
    const range = Math.max(...known) - low || 1;
    return values.map((value, at) =>
      value === null || value === undefined ? null : [(at * 100) / Math.max(1, values.length - 1), 92 - (84 * (value - low)) / range]);
  }

  function paintSpark(node, values) {
    const points = plot(values || []);
    const last = points.filter(Boolean).pop();
    if (!last) return node.replaceChildren();
    node.replaceChildren(draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
      draw("path", { class: "spark-line", d: line(points) }),
      draw("path", { class: "spark-end", d: `M${last[0]} ${last[1]}h0` })));
  }

  /** "按期/应办结 1 204 / 1 249": what the value is made of, short enough for the tile. */
  function consisting(figure) {
    if (figure.denominator === null || figure.denominator === undefined) return "";
    const words = (figure.of || "").replace(/（.*?）/g, "").replace(/\s*\/\s*/g, "/");
    return `${words} ${parts(figure.numerator, figure.denominator)}`.trim();
  }

  function explain(figure, asOf) {
    const lines = [`${figure.label}（${figure.period}）`];
    if (figure.denominator !== null) lines.push(`${figure.of || ""} ${parts(figure.numerator, figure.denominator)}`);
    if (figure.formula) lines.push(figure.formula);
    if (asOf) lines.push(`截至 ${moment(asOf, Wall.clock.now())}`);
    if (figure.sources?.length) lines.push(`来源：${figure.sources.join("、")}`);
    if (figure.note) lines.push(figure.note);
    return lines.join("\n");
  }

  function paintTile(tile, figure, asOf) {
    const part = (name) => tile.querySelector(`.${name}`);
    mark(tile, "data-value", figure.value);
    mark(tile, "data-numerator", figure.numerator);
    mark(tile, "data-denominator", figure.denominator);
    mark(tile, "data-light", figure.light);
    mark(tile, "title", explain(figure, asOf));
    write(part("tile-label"), figure.label);
    write(part("tile-as-of"), asOf ? minute(new Date(asOf)) : "");
    write(part("tile-value"), figure.text);
    write(part("tile-unit"), figure.value === null ? "" : figure.unit || "");
    write(part("tile-comparison"), figure.comparison?.text || figure.period || "");
    write(part("tile-parts"), consisting(figure) || figure.period || "");
    paintSpark(part("tile-spark-box"), figure.spark);
  }

  function paint(state, changes, whole) {
    const all = whole || changes.figures.has("as_of");
    for (const tile of document.querySelectorAll("[data-indicator]")) {
      const key = `tile.${tile.dataset.indicator}`;
      const figure = state.figures.get(key);
      if (figure && (all || changes.figures.has(key))) paintTile(tile, figure, figure.as_of || state.figures.get("as_of"));
    }
  }

  Wall.tiles = { paint };
})();
