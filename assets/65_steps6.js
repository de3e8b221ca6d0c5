// The six steps (六步走): how many of the latest cases have taken each, and which owe one that they have to take.
"use strict";
(() => {
  const { make, write, style } = Wall.element;
  const { count } = Wall.format;

  function step(one) {
    const told = Wall.share.of(one.n, one.of);
    const bar = make("i", { class: "bar" });
    style(bar, "--share", one.of ? one.n / one.of : 0);
    const name = Wall.told(one.label);
    return make("li", { "data-step6": one.id, "data-n": one.n, "data-small": told.small ? "" : null },
      make("span", { class: "row-name" }, one.conditional ? Wall.t("{n} {name}（重大）", { n: one.id, name }) : `${one.id} ${name}`), bar,
      make("span", { class: "row-value" }, told.text), make("span", { class: "row-parts" }, told.parts));
  }

  const owing = (one, labels) =>
    Wall.caseList.stuck(one, Wall.t("缺 {what}", { what: one.missing.map((id) => labels.get(id)).join(Wall.t("、")) }));

  function fill(answer, body) {
    write(document.getElementById("steps6-note"), Wall.t("最近上报的 {n} 件", { n: count(answer.total) }));
    if (!answer.total) return Wall.t("没有案件");
    const labels = new Map(answer.steps.map((one) => [one.id, Wall.told(one.label)]));
    const [steps, list] = body.querySelectorAll("ol");
    steps.replaceChildren(...answer.steps.map(step));
    write(document.getElementById("steps6-owing"), answer.owing_n ? Wall.t("缺步骤 {n} 件", { n: count(answer.owing_n) }) : Wall.t("该走的步骤都走了"));
    list.replaceChildren(...answer.owing.map((one) => owing(one, labels)));
    return null;
  }

  Wall.steps6 = Wall.asking({
    name: "steps6", keys: ["loop."], types: ["case_event"], fill,
    path: (state) => `/steps6?grid=${encodeURIComponent(state.grid.code)}`,
  });
})();
