// Where accepted cases came from, how they were dealt with, what became of them: ribbons as wide as the cases are many.
"use strict";
(() => {
  const { make, draw, write, mark, style } = Wall.element;
  const { count, parts } = Wall.format;
  const MOST = 6; // nodes a column; the rest is one
  const REST = "REST";
  const GAP = 2; // of 100 between two nodes
  const LEAST = 9; // of 100: room for a line of text

  /** At most `MOST` nodes: the largest, and the others as one. */
  function folded(nodes) {
    if (nodes.length <= MOST) return nodes;
    const rest = nodes.slice(MOST - 1);
    return [...nodes.slice(0, MOST - 1),
      { id: REST, label: Wall.t("其余 {n} 项", { n: rest.length }), n: rest.reduce((sum, node) => sum + node.n, 0), holds: new Set(rest.map((node) => node.id)) }];
  }

  /**
   * Where each node stands, 0..100 from the top: a slot with room for its name, and in its middle the bar, whose height
   * is its number and on one scale with all others. `unit`: height of one case.
   */
  function placed(nodes, total) {
    const room = 100 - GAP * (nodes.length - 1);
    const spare = room - LEAST * nodes.length;
    let top = 0;
    return new Map(nodes.map((node) => {
      const slot = LEAST + (spare * node.n) / total;
      const bar = (spare * node.n) / total;
      const place = { ...node, top, slot, bar, from: top + (slot - bar) / 2, left: 0, right: 0 };
      top += slot + GAP;
      return [node.id, place];
    }));
  }

  const find = (column, id) => column.get(id) || [...column.values()].find((place) => place.holds?.has(id));

  /** Ribbons between two columns: links of folded nodes are one. */
  function ribbons(links, left, right) {
    const joined = new Map();
    for (const { from, to, n } of links) {
      const [a, b] = [find(left, from), find(right, to)];
      const key = `${a.id} ${b.id}`;
      joined.set(key, { a, b, n: (joined.get(key)?.n || 0) + n });
    }
    const order = (column) => [...column.keys()];
    const [lefts, rights] = [order(left), order(right)];
    const sorted = [...joined.values()].sort((x, y) =>
      lefts.indexOf(x.a.id) - lefts.indexOf(y.a.id) || rights.indexOf(x.b.id) - rights.indexOf(y.b.id));
    return sorted.map(({ a, b, n }) => {
      const [ha, hb] = [(a.bar * n) / a.n, (b.bar * n) / b.n];
      const [ya, yb] = [a.from + a.right, b.from + b.left];
      a.right += ha;
      b.left += hb;
      const d = `M0 ${ya.toFixed(2)}C50 ${ya.toFixed(2)} 50 ${yb.toFixed(2)} 100 ${yb.toFixed(2)}V${(yb + hb).toFixed(2)}C50 ${(yb + hb).toFixed(2)} 50 ${(ya + ha).toFixed(2)} 0 ${(ya + ha).toFixed(2)}Z`;
      return { d, a, b, n };
    });
  }

  function column(box, places, total) {
    box.replaceChildren(...[...places.values()].map((place) => {
      const node = make("div", { class: "flow-node", "data-node": place.id, "data-n": place.n, title: `${Wall.told(place.label)} ${parts(place.n, total)}` },
        make("i", {}), make("span", { class: "flow-label" }, Wall.told(place.label)), make("span", { class: "flow-n" }, count(place.n)));
      style(node, "top", `${place.top}%`);
      style(node, "height", `${place.slot}%`);
      style(node.firstChild, "height", `${(100 * place.bar) / place.slot}%`);
      return node;
    }));
  }

  function between(box, found) {
    box.replaceChildren(draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
      ...found.map(({ d, a, b }) => draw("path", { class: "flow-ribbon", d, "data-from": a.id, "data-to": b.id }))));
  }

  function fill(answer, body) {
    write(document.getElementById("flow-note"), Wall.t("受理 {n} = 办出 {out} + 在办 {open}", { n: count(answer.total), out: count(answer.out), open: count(answer.in_hand) }));
    mark(document.getElementById("flow"), "data-total", answer.total);
    if (!answer.total) return Wall.t("近{n}日没有受理的案件", { n: answer.period.days });
    const [channels, methods, ends] = [answer.channels, answer.methods, answer.ends].map((nodes) => placed(folded(nodes), answer.total));
    const [left, first, middle, second, right] = body.firstChild.children;
    column(left, channels, answer.total);
    column(middle, methods, answer.total);
    column(right, ends, answer.total);
    between(first, ribbons(answer.first, channels, methods));
    between(second, ribbons(answer.second, methods, ends));
    return null;
  }

  Wall.flow = Wall.asking({
    name: "flow", keys: ["loop.", "day."], fill,
    path: (state) => `/flow?grid=${encodeURIComponent(state.grid.code)}`,
  });
})();
