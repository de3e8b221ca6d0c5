// Grid staff: how many grids have some, and which have none.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count } = Wall.format;

  Wall.staff = Wall.board.make("staff", {
    none: () => Wall.t("网格没有填报网格员数"), types: ["grid"],
    fill: (answer, body) => {
      const stated = answer.items.find((item) => item.id === "K43");
      if (!stated?.denominator) return Wall.t("网格没有填报网格员数");
      const [rows, list] = body.querySelectorAll("ol");
      rows.replaceChildren(...answer.items.map((item) => Wall.board.row(item, answer)));
      const { n, items } = answer.unstaffed;
      write(document.getElementById("staff-missing"), n ? Wall.t("无网格员的网格 {n} 个", { n: count(n) }) : Wall.t("网格都有网格员"));
      list.replaceChildren(...items.map((one) => make("li", { "data-unstaffed": one.code },
        make("a", { href: Wall.address.href(one.code), "data-open": one.code }, [one.parent_name, one.name].filter(Boolean).join(" · ")))));
      return null;
    },
  });
})();
