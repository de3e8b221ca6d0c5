// The children of the current grid by load, each with its on-time rate (n / N); few cases give no rate.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count, parts } = Wall.format;
  const ENOUGH = 10;

  function rate({ closed_on_time: onTime, closed_due: due }) {
    if (!due) return ["—", "无应办结"];
    const n = parts(onTime, due);
    return due < ENOUGH ? ["样本不足", n] : [`${((100 * onTime) / due).toFixed(1)}%`, n];
  }

  function makeRow(code) {
    return make("li", { "data-code": code },
      make("a", { href: Wall.address.href(code), "data-open": code },
        make("span", { class: "bar-name" }), make("i", { class: "bar" }), make("span", { class: "bar-value" }),
        make("span", { class: "rate" }), make("span", { class: "rate-parts" })));
  }

  function paintRow(node, child, figure, top) {
    const [text, n] = rate(figure);
    const [name, bar, value, share, shareParts] = node.firstChild.children;
    node.dataset.n = figure.n;
    node.firstChild.title = `${child.name}：近7日上报 ${figure.n} 件，近30日按期办结 ${text}（${n}）`;
    bar.style.setProperty("--share", figure.n / top);
    write(name, child.name);
    write(value, count(figure.n));
    write(share, text);
    write(shareParts, n);
  }

  function paint(state, changes, whole) {
    if (!whole && ![...changes.figures].some((key) => key.startsWith("child."))) return;
    const none = { n: 0, closed_on_time: 0, closed_due: 0 };
    const rows = state.children.map((child) => [child, state.figures.get(`child.${child.code}`) || none])
      .sort((a, b) => b[1].n - a[1].n);
    const top = Math.max(1, ...rows.map(([, figure]) => figure.n));
    const list = document.getElementById("ranking-list");
    const known = new Map([...list.children].map((node) => [node.dataset.code, node]));
    rows.forEach(([child, figure], at) => {
      const node = known.get(child.code) || makeRow(child.code);
      known.delete(child.code);
      paintRow(node, child, figure, top);
      if (list.children[at] !== node) list.insertBefore(node, list.children[at] || null);
    });
    for (const gone of known.values()) gone.remove();
    const below = state.levels.find((level) => level.level > state.grid.level);
    write(document.getElementById("ranking-level"), rows.length ? `${below?.name || "下级"}排行` : "下级排行");
    write(document.getElementById("ranking-empty"), rows.length ? "" : "本网格没有下级网格");
    Wall.fit.rows();
  }

  Wall.ranking = { paint };
})();
