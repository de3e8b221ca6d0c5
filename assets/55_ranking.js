// The children of the current grid by load, each with its on-time rate (n / N); few cases give no rate.
"use strict";
(() => {
  const { t, told } = Wall;
  const { make, write, mark, style } = Wall.element;
  const { count } = Wall.format;
  const DAYS = 30; // what the rate is of
  let until = ""; // the day before which the rates that are shown end

  function rate({ closed_on_time: onTime, closed_due: due, covered }) {
    if (covered) return ["—", ""];
    const told = Wall.share.of(onTime, due);
    return [told.text, due ? told.parts : t("无应办结")];
  }

  /** The days of the rate, [from, to), for whoever asks where it comes from. */
  function period(state) {
    const days = Wall.state.figuresOf(state, "day.").map(([day]) => day).sort().slice(-DAYS);
    if (!days.length) return {};
    const after = new Date(`${days[days.length - 1]}T00:00:00Z`);
    after.setUTCDate(after.getUTCDate() + 1);
    return { from: days[0], to: after.toISOString().slice(0, 10) };
  }

  function makeRow(code) {
    return make("li", { "data-code": code },
      make("a", { href: Wall.address.href(code), "data-open": code },
        make("span", { class: "bar-name" }), make("i", { class: "bar" }), make("span", { class: "bar-value" })),
      make("button", { type: "button", class: "figure rate-figure", "data-explain": "K10", "data-grid": code },
        make("span", { class: "rate" }), make("span", { class: "rate-parts" })));
  }

  function paintRow(node, child, figure, { from, to }) {
    const [text, n] = rate(figure);
    const [name, , value] = node.firstChild.children;
    const [share, shareParts] = node.lastChild.children;
    mark(node.lastChild, "data-from", from);
    mark(node.lastChild, "data-to", to);
    mark(node, "data-n", figure.n);
    mark(node.firstChild, "title", t("{name}：近7日上报 {reported} 件，近30日按期办结 {text}（{n}）", { name: child.name, reported: count(figure.n), text, n: n || "—" }));
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
    const of = period(state);
    const anew = whole || of.to !== until;
    until = of.to;
    rows.forEach(([child, figure], at) => {
      const there = known.get(child.code);
      const node = there || makeRow(child.code);
      known.delete(child.code);
      if (anew || !there || changes.figures.has(`child.${child.code}`)) paintRow(node, child, figure, of);
      style(node.firstChild.children[1], "--share", figure.n / top);
      if (list.children[at] !== node) list.insertBefore(node, list.children[at] || null);
    });
    for (const gone of known.values()) gone.remove();
    const below = state.levels.find((level) => level.level > state.grid.level);
    write(document.getElementById("ranking-level"), rows.length && below?.name ? t("{level}排行", { level: told(below.name) }) : t("下级排行"));
    write(document.getElementById("ranking-empty"), rows.length ? "" : t("本网格没有下级网格"));
    Wall.fit.rows();
  }

  Wall.ranking = { paint };
})();
