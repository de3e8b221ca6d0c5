// Whistles (吹哨、报到): how many were blown, answered in time, done and rated.
"use strict";
(() => {
  Wall.whistles = Wall.board.make("whistles", {
    none: () => Wall.t("近30日没有吹哨"), keys: ["loop.", "day."], types: ["whistle", "case_event"],
    fill: (answer, body) => {
      const blown = answer.items.find((item) => item.id === "K50");
      if (!blown?.numerator) return Wall.t("近30日没有吹哨");
      body.querySelector("ol").replaceChildren(...answer.items.map((item) => Wall.board.row(item, answer)));
      return null;
    },
  });
})();
