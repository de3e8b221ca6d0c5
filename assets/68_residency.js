// Who is on site (常驻、轮驻、随驻): a mark a unit that should be there, filled where it is.
"use strict";
(() => {
  const { make } = Wall.element;
  const { count, parts } = Wall.format;
  const MOST = 30; // more units than this are a number only

  function row(item, answer) {
    const of = item.denominator;
    const name = Wall.share.figure(Wall.told(item.label), Wall.board.about(item, answer), { class: "figure row-name", title: Wall.told(item.label) });
    const marks = of !== null && of <= MOST
      ? Array.from({ length: of }, (_, at) => make("i", { "data-present": at < item.numerator ? "" : null })) : [];
    const missing = of === null || item.numerator === null ? 0 : of - item.numerator;
    return make("li", { "data-board-item": item.id }, name,
      make("span", { class: "seats", "aria-hidden": "true" }, ...marks),
      make("span", { class: "row-value" }, item.numerator === null ? "—" : of === null ? `${count(item.numerator)} ${Wall.told(item.unit)}` : parts(item.numerator, of)),
      make("span", { class: "row-parts", "data-missing": missing }, of === null ? Wall.t("随叫随到") : missing ? Wall.t("缺 {n}", { n: count(missing) }) : Wall.t("到齐")));
  }

  Wall.residency = Wall.board.make("residency", {
    none: () => Wall.t("没有入驻报数：在 [[indicators]] 写 board = \"residency\""),
    fill: (answer, body) => {
      body.querySelector("ol").replaceChildren(...answer.items.map((item) => row(item, answer)));
      return null;
    },
  });
})();
