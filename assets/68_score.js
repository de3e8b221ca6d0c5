// The monthly score: the grid's own with what it is made of, and those of the grids below it.
"use strict";
(() => {
  const { make, write, style } = Wall.element;
  const { parts } = Wall.format;

  function part(one) {
    const bar = make("i", { class: "bar" });
    style(bar, "--share", one.points === null ? 0 : one.points / one.weight);
    return make("li", { "data-score-part": one.label },
      make("span", { class: "row-name" }, Wall.told(one.label)), bar,
      make("span", { class: "row-value" }, one.points === null ? "—" : `${one.points.toFixed(1)} / ${one.weight}`),
      make("span", { class: "row-parts" }, one.denominator === null ? Wall.t("加分") : parts(one.numerator, one.denominator)));
  }

  function unit(one) {
    const bar = make("i", { class: "bar" });
    style(bar, "--share", one.value === null ? 0 : Math.min(1, one.value / 100));
    return make("li", { "data-unit": one.code },
      make("a", { class: "row-name", href: Wall.address.href(one.code), "data-open": one.code }, one.name), bar,
      make("span", { class: "row-value" }, one.value === null ? "—" : one.value.toFixed(1)), make("span", { class: "row-parts" }, one.value === null ? Wall.t("没有报数") : ""));
  }

  Wall.score = Wall.board.make("score", {
    none: () => Wall.t("没有考核报数：在 [[indicators]] 写 board = \"score\""),
    fill: (answer, body) => {
      const [item] = answer.items;
      const [own, units] = body.querySelectorAll("ol");
      const figure = document.getElementById("score-value");
      write(figure, item.value === null ? "—" : `${item.value.toFixed(1)} ${Wall.told(item.unit)}`);
      for (const [name, value] of Object.entries(Wall.board.about(item, answer))) figure.dataset[name === "id" ? "explain" : name] = value ?? "";
      write(document.getElementById("score-period"), item.parts.find((one) => one.denominator !== null)?.period || "");
      own.replaceChildren(...item.parts.map(part));
      units.replaceChildren(...answer.units.map(unit));
      return null;
    },
  });
})();
