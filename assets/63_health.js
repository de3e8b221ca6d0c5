// The health of every source: how old, how often, in what state, how much of it was refused.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { age, count, parts } = Wall.format;
  const KIND = {
    grid: Wall.t("网格"), case: Wall.t("案件"), case_event: Wall.t("流转"), video_point: Wall.t("视频点位"),
    video_status: Wall.t("视频状态"), org: Wall.t("单位"), indicator: Wall.t("报数"),
  };
  const STATUS = { good: Wall.t("正常"), late: Wall.t("迟到"), failing: Wall.t("失败"), never: Wall.t("未读过") };
  const RANK = { failing: 0, late: 1, never: 2, good: 3 };

  function row(source) {
    const every = source.every_s ? Wall.t("每 {span}", { span: age(source.every_s) }) : Wall.t("推送");
    const refused = source.read ? Wall.t("拒收 {parts}", { parts: parts(source.refused, source.read) }) : "";
    return make("li", { "data-source": source.name, "data-status": source.status, title: source.error || "" },
      make("span", { class: "row-name" }, make("b", {}, source.name), make("small", {}, KIND[source.kind] || source.kind)),
      make("span", { class: "row-value" }, source.age_s === null ? "—" : Wall.t("{age}前", { age: age(source.age_s) }), make("small", {}, every)),
      make("span", { class: "row-parts" }, make("b", {}, STATUS[source.status]), make("small", {}, refused)));
  }

  function fill(answer, body) {
    const items = [...answer.items].sort((a, b) => RANK[a.status] - RANK[b.status] || (a.name < b.name ? -1 : 1));
    if (!items.length) return Wall.t("没有来源");
    const good = items.filter((source) => source.status === "good").length;
    write(document.getElementById("health-good"), Wall.t("正常 {parts}", { parts: parts(good, items.length) }));
    body.querySelector("ol").replaceChildren(...items.map(row));
    answer.as_of = Wall.clock.now().toISOString();
    const read = items.reduce((sum, source) => sum + source.read, 0);
    answer.missing = [Wall.t("末次读入 {n} 行，拒收 {refused} 行", { n: count(read), refused: count(items.reduce((sum, source) => sum + source.refused, 0)) })];
    return null;
  }

  Wall.health = Wall.asking({ name: "health", path: () => "/sources?brief=1", keys: ["as_of"], fill });
})();
