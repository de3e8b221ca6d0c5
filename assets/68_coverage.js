// Coverage: studios, legal service, counselling rooms, staff: how many of how many, as their offices report it.
"use strict";
Wall.coverage = Wall.board.make("coverage", { none: () => Wall.t("没有覆盖类报数：在 [[indicators]] 写 board = \"coverage\"") });
