// At which level what was resolved was resolved (小事不出村、大事不出乡镇): four parts of the whole.
"use strict";
Wall.resolved = Wall.parts.make("resolved", { whole: "levels", none: () => Wall.t("近30日没有化解成功的案件"), keys: ["loop.", "day."] });
