// The live feed: the newest case on top, a burst folded into one line.
"use strict";
(() => {
  const { t } = Wall;
  const { make, move, write, mark } = Wall.element;
  const { STAGE, LIGHT, moment, caseTitle, casePlace, count } = Wall.format;
  const BURST = 8;
  const NOTICE_MS = 10_000;
  const SLIDE = { opacity: [0, 1], transform: ["translateY(-0.8rem)", "none"] };
  let noticeTimer = null;
  let told = 0; // rows the standing notice speaks of

  function makeRow() {
    return make("li", { class: "feed-row", tabindex: 0 },
      make("time", { class: "feed-time" }),
      make("span", { class: "feed-title" }),
      make("span", { class: "feed-stage" }),
      make("span", { class: "feed-place" }),
      make("span", { class: "feed-light" }));
  }

  function paintRow(node, row) {
    mark(node, "data-case-no", row.case_no);
    mark(node, "data-seq", row.seq);
    mark(node, "data-grade", row.grade);
    mark(node, "data-light", row.open === false ? "" : row.light);
    const [time, title, stage, place, light] = node.children;
    write(time, moment(row.reported_at, Wall.clock.now()));
    mark(time, "datetime", row.reported_at);
    write(title, caseTitle(row));
    write(stage, STAGE[row.stage] || row.stage || "");
    write(place, casePlace(row));
    write(light, row.open === false ? "" : LIGHT[row.light] || "");
    node.title = `${row.case_no} · ${caseTitle(row)} · ${casePlace(row)}`;
  }

  /** One line instead of a procession; it adds up while it stands, and goes by itself. */
  function notice(arrived, catchingUp) {
    const node = document.getElementById("feed-notice");
    told = node.hidden ? arrived : told + arrived;
    write(node, catchingUp ? t("断线期间补收 {n} 条", { n: count(told) }) : t("+ {n} 件", { n: count(told) }));
    node.hidden = false;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => {
      node.hidden = true;
      Wall.fit.rows();
    }, NOTICE_MS);
  }

  function paintList(state, changes, whole) {
    const list = document.getElementById("feed-list");
    const known = new Map([...list.children].map((node) => [node.dataset.caseNo, node]));
    const slides = !whole && changes.arrived <= BURST;
    state.feed.forEach((row, at) => {
      let node = known.get(row.case_no);
      known.delete(row.case_no);
      const fresh = !node;
      if (fresh) node = makeRow();
      if (fresh || whole || changes.rows.has(row.case_no)) paintRow(node, row);
      if (list.children[at] !== node) list.insertBefore(node, list.children[at] || null);
      if (fresh && slides) move(node, SLIDE, { duration: 450, easing: "ease-out" });
    });
    for (const gone of known.values()) gone.remove();
  }

  function paint(state, changes, whole, mood) {
    if (whole || changes.rows.size) {
      paintList(state, changes, whole);
      if (mood.missed) notice(mood.missed, true);
      else if (!whole && changes.arrived && (changes.arrived > BURST || mood.recovering)) notice(changes.arrived, mood.recovering);
      Wall.fit.rows();
    }
    const today = state.figures.get("tile.K01");
    write(document.getElementById("feed-note"), t("今日 {n} · 序号 {seq}", { n: count(today?.value), seq: count(state.seq) }));
  }

  Wall.feed = { paint };
})();
