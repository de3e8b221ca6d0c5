// What is in hand, by grade: four parts of the whole.
"use strict";
Wall.grades = Wall.parts.make("grades", { none: () => Wall.t("没有在办案件"), keys: ["tile.K07", "category.", "loop."] });
