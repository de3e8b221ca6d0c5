// The double loop: up from the grid to the centre and back with an answer, down to who handles it and back with a result;
// where cases are stuck on it, and which.
"use strict";
(() => {
  const { make, write, mark } = Wall.element;
  const { told } = Wall;
  const { age, count } = Wall.format;

  const since = (text) => age(Math.max(0, (Wall.clock.now() - Date.parse(text)) / 1000));

  const stuckRow = (one, edge) => Wall.caseList.stuck(one, [told(edge.label), one.turn ? Wall.t("轮到{level}", { level: told(one.turn) }) : ""].filter(Boolean).join(" · "), one.stuck_since ? since(one.stuck_since) : "—",
    { "data-edge": edge.id, "data-late": one.late ? Wall.t("超时") : null });

  function fillEdges(answer) {
    for (const node of document.querySelectorAll("[data-loop-step]")) {
      const n = answer.steps[node.dataset.loopStep];
      mark(node, "data-n", n);
      write(node.querySelector("b"), count(n));
    }
    for (const edge of answer.edges) {
      const node = document.querySelector(`[data-stuck="${edge.id}"]`);
      mark(node, "data-n", edge.n);
      mark(node, "data-grid", answer.grid);
      write(node, edge.n ? Wall.t("断点 {n}", { n: count(edge.n) }) : Wall.t("无断点"));
    }
  }

  /** Between which two levels they wait: only where somebody does. */
  function fillLevels(answer) {
    const some = answer.edges.flatMap((edge) => edge.levels.filter((one) => one.n && one.from));
    const node = document.getElementById("double-levels");
    node.hidden = !some.length;
    node.replaceChildren(...some.map((one) => make("button", { type: "button", class: "figure", "data-explain": one.indicator, "data-grid": answer.grid, "data-n": one.n },
      `${told(one.from_label)} → ${told(one.to_label)} ${count(one.n)}`)));
  }

  function fillRate(answer) {
    const { numerator, denominator, value } = answer.closed_loop;
    const share = Wall.share.of(numerator, denominator, value);
    const node = document.getElementById("double-rate");
    mark(node, "data-from", answer.period.from);
    mark(node, "data-to", answer.period.to);
    mark(node, "data-grid", answer.grid);
    write(node, Wall.t("闭环率 {rate}（{parts}）", { rate: share.text, parts: share.parts || "—" }));
  }

  function fill(answer, body) {
    fillRate(answer);
    const stuck = answer.edges.reduce((sum, edge) => sum + edge.n, 0);
    if (!stuck && !Object.values(answer.steps).some(Boolean)) return Wall.t("近{n}日没有流转", { n: answer.period.days });
    fillEdges(answer);
    fillLevels(answer);
    const rows = answer.edges.flatMap((edge) => edge.cases.map((one) => [one, edge]))
      .sort(([a], [b]) => Number(b.late) - Number(a.late) || (a.stuck_since < b.stuck_since ? -1 : 1));
    body.querySelector("ol").replaceChildren(...rows.map(([one, edge]) => stuckRow(one, edge)));
    write(document.getElementById("double-stuck"), stuck ? Wall.t("断点 {n} 件", { n: count(stuck) }) : Wall.t("没有断点"));
    return null;
  }

  Wall.double = Wall.asking({
    name: "double", keys: ["loop.", "day."], types: ["case_event"], fill,
    path: (state) => `/loop?grid=${encodeURIComponent(state.grid.code)}`,
  });
})();
