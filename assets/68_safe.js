// The matrix of safe-community units (十大平安创建): ten kinds, how many of those that tried are in order.
"use strict";
Wall.safe = Wall.board.make("safe", { none: () => Wall.t("没有平安创建报数：在 [[indicators]] 写 board = \"safe\"") });
