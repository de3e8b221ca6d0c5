// Open cases by category, the largest first; what does not fit is counted as one.
"use strict";
(() => {
  const { t, told } = Wall;
  const { make, write, mark, style } = Wall.element;
  const { count, parts } = Wall.format;
  const ROWS = 7;

  const makeRow = () => make("li", {},
    make("span", { class: "bar-name" }), make("i", { class: "bar" }), make("span", { class: "bar-value" }));

  function paint(state, changes, whole) {
    const changed = [...changes.figures].some((key) => key.startsWith("category.") || key === "tile.K07");
    if (!whole && !changed) return;
    const all = Wall.state.figuresOf(state, "category.").map(([name, { n }]) => [told(name), n])
      .filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const rows = all.length > ROWS ? all.slice(0, ROWS - 1) : all;
    const rest = all.slice(rows.length);
    if (rest.length) rows.push([t("其余 {n} 类", { n: rest.length }), rest.reduce((sum, [, n]) => sum + n, 0)]);
    const top = Math.max(1, ...rows.map(([, n]) => n));
    const total = state.figures.get("tile.K07")?.value;
    const list = document.getElementById("composition-list");
    while (list.children.length > rows.length) list.lastChild.remove();
    while (list.children.length < rows.length) list.append(makeRow());
    rows.forEach(([name, n], at) => {
      const node = list.children[at];
      const [label, bar, value] = node.children;
      mark(node, "title", total ? t("{name} {parts} 件", { name, parts: parts(n, total) }) : name);
      write(label, name);
      style(bar, "--share", n / top);
      write(value, count(n));
    });
    write(document.getElementById("composition-note"), t("在办 {n} 件", { n: count(total) }));
  }

  Wall.composition = { paint };
})();
