// Pages of cases, newest page last, wherever the rows behind a number are asked for. A row opens the card of its case.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { STAGE, LIGHT, moment, caseTitle, casePlace, count } = Wall.format;
  const PAGE = 20;

  function row(one) {
    const now = Wall.clock.now();
    const button = make("button", { type: "button", class: "case-line", "data-case-no": one.case_no, "data-light": one.open ? one.light : null },
      make("time", { datetime: one.reported_at }, moment(one.reported_at, now)),
      make("span", { class: "case-title" }, caseTitle(one)),
      make("span", { class: "case-place" }, casePlace(one)),
      make("span", { class: "case-state" }, one.open ? LIGHT[one.light] || STAGE[one.stage] || "" : STAGE[one.stage] || ""));
    button.addEventListener("click", () => Wall.card.open(one.case_no));
    return make("li", {}, button);
  }

  /** A case that is stuck: what it is, where, at what (`edge`), and for how long (`age`) where that is known. */
  function stuck(one, edge, age = "", marks = {}) {
    const cell = (name, text) => make("span", { class: name, title: text || null }, text);
    const button = make("button", { type: "button", class: "stuck-line", "data-case-no": one.case_no, ...marks },
      cell("case-title", caseTitle(one)), cell("case-place", casePlace(one)), cell("stuck-edge", edge), cell("stuck-age", age));
    button.addEventListener("click", () => Wall.card.open(one.case_no));
    return make("li", {}, button);
  }

  /** A row that is no case: a video point, a grid, a site. */
  const plain = (one) => make("li", { class: "plain-line" },
    [one.name, one.code, one.key_site, one.point_id && `${one.point_id.slice(0, -6)}······`, one.status].filter(Boolean).join(" · "));

  /** Put the cases of `path` (`/api/v1/cases?…`, without the prefix) into `box`: a page, and a button for the next. */
  function into(box, path) {
    const list = make("ol", { class: "case-lines" });
    const note = make("p", { class: "card-note", role: "status" }, Wall.t("正在取数…"));
    const more = make("button", { type: "button", class: "quiet" }, Wall.t("下一页"));
    let shown = 0;
    let after = null;

    async function page() {
      more.hidden = true;
      try {
        const answer = await Wall.api.read(`${path}&limit=${PAGE}${after ? `&after=${after}` : ""}`);
        list.append(...answer.items.map(!answer.kind || answer.kind === "case" ? row : plain));
        shown += answer.items.length;
        after = answer.next;
        more.hidden = !after;
        write(note, shown ? (after ? Wall.t("已列 {n} 条，还有", { n: count(shown) }) : Wall.t("共 {n} 条", { n: count(shown) })) : after ? Wall.t("到此还没有，往下接着找") : Wall.t("没有记录"));
      } catch (fault) {
        if (fault.status === undefined) throw fault;
        more.hidden = false;
        write(note, Wall.t("暂时取不到，稍后再试"));
      }
    }

    more.hidden = true;
    more.addEventListener("click", page);
    box.replaceChildren(list, note, more);
    return page();
  }

  Wall.caseList = { into, stuck };
})();
