// Joint work in hand by its six kinds (六联), each with its on-time share of the month.
"use strict";
(() => {
  function onTime({ on_time: one }) {
    if (!one.denominator) return Wall.t("无应办结");
    const told = Wall.share.of(one.numerator, one.denominator, one.value);
    return told.small ? told.parts : `${told.text} ${told.parts}`;
  }

  Wall.joint = Wall.parts.make("joint", { none: () => Wall.t("没有在办的联动案件，或来源不分六联"), keys: ["tile.K07", "loop.", "day."], extra: onTime });
})();
