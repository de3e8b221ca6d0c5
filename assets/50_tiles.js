// The six indicator tiles: value, unit, comparison, n / N, as of when, 24 points of trend.
"use strict";
(() => {
  const { t, told } = Wall;
  const { write, mark, paths, line } = Wall.element;
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
    paths(node, { "spark-line": line(points), "spark-end": `M${last[0]} ${last[1]}h0` });
  }

  /** "按期/应办结 1 204 / 1 249": what the value is made of, short enough for the tile. */
  function consisting(figure) {
    if (figure.denominator === null || figure.denominator === undefined) return "";
    const words = told(figure.of || "").replace(/（.*?）| \(.*?\)/g, "").replace(/\s*\/\s*/g, "/");
    return `${words} ${parts(figure.numerator, figure.denominator)}`.trim();
  }

  let unplaced = null; // {total, of}: cases without a place, of all that were reported

  function explain(figure, asOf) {
    const lines = [t("{label}（{period}）", { label: told(figure.label), period: told(figure.period) })];
    if (figure.denominator !== null) lines.push(`${told(figure.of || "")} ${parts(figure.numerator, figure.denominator)}`);
    if (figure.formula) lines.push(told(figure.formula));
    if (asOf) lines.push(t("截至 {at}", { at: moment(asOf, Wall.clock.now()) }));
    if (figure.sources?.length) lines.push(t("来源：{names}", { names: figure.sources.join(t("、")) }));
    if (figure.note) lines.push(told(figure.note));
    if (figure.restated) lines.push(t("其中有的日子定数以后又有补报，已修订"));
    const lost = figure.kinds?.includes("case") ? unplaced : null;
    if (lost) lines.push(t("待定位 {parts} 件，计入本数，不在图上", { parts: parts(lost.total, lost.of) }));
    return lines.join("\n");
  }

  function paintTile(tile, figure, asOf) {
    const part = (name) => tile.querySelector(`.${name}`);
    mark(tile, "data-value", figure.value);
    mark(tile, "data-numerator", figure.numerator);
    mark(tile, "data-denominator", figure.denominator);
    mark(tile, "data-light", figure.light);
    mark(tile, "data-doubt", figure.doubt ? "1" : null);
    mark(tile, "title", explain(figure, asOf));
    write(part("tile-label"), told(figure.label));
    // What is told of a day after it was final changes nothing in silence.
    write(part("tile-as-of"), [figure.restated ? t("已修订") : "", asOf ? minute(new Date(asOf)) : ""].filter(Boolean).join(" · "));
    write(part("tile-value"), figure.text);
    write(part("tile-unit"), figure.value === null ? "" : told(figure.unit || ""));
    write(part("tile-comparison"), told(figure.comparison?.text || figure.period || ""));
    write(part("tile-parts"), consisting(figure) || told(figure.period || ""));
    paintSpark(part("tile-spark-box"), figure.spark);
  }

  function paint(state, changes, whole) {
    unplaced = state.figures.get("unassigned") || null;
    const all = whole || changes.figures.has("unassigned") || changes.figures.has("as_of");
    for (const tile of document.querySelectorAll("[data-indicator]")) {
      const key = `tile.${tile.dataset.indicator}`;
      const figure = state.figures.get(key);
      if (figure && (all || changes.figures.has(key))) paintTile(tile, figure, figure.as_of || state.figures.get("as_of"));
    }
  }

  Wall.tiles = { paint };
})();
