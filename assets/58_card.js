// The card of one case: opened from a feed row, an alert, a point on the map or the address; filled afresh when it changes.
"use strict";
(() => {
  const { t, told } = Wall;
  const { make, write, mark } = Wall.element;
  const { caseTitle, moment, count } = Wall.format;
  const LIGHT = { GREEN: t("时限内"), YELLOW: t("将到期"), RED: t("已超期"), GREY: t("不计时") };
  const VIDEO = { ON: t("在线"), OFF: t("离线"), VLOST: t("视频丢失"), DEFECT: t("故障") };
  const DATES = { occurred_at: t("发生"), reported_at: t("上报"), accepted_at: t("受理"), assigned_at: t("派单"),
    received_at: t("签收"), resolved_at: t("化解"), closed_at: t("结案"), followed_up_at: t("回访") };
  const DAY_MS = 86_400_000;
  let shown = null; // the case number on the card
  let asked = 0;
  let openGrid = () => {};
  let turned = () => {};
  const $ = (id) => document.getElementById(id);

  function remaining(one, now) {
    if (!one.due_at) return t("不限时");
    const left = Date.parse(one.due_at) - now;
    const size = Math.abs(left) < DAY_MS
      ? t("{n} 小时", { n: (Math.abs(left) / 3_600_000).toFixed(1) }) : t("{n} 天", { n: (Math.abs(left) / DAY_MS).toFixed(1) });
    const at = moment(one.due_at, now);
    if (one.closed_at) return t("时限 {at}", { at });
    return t(left >= 0 ? t("剩余 {size} · 时限 {at}") : t("超时 {size} · 时限 {at}"), { size, at });
  }

  const line = (word, value) => (value ? make("li", {}, make("span", { class: "card-word" }, word), make("span", {}, value)) : null);

  /** The case that goes on with this one (并案). */
  function parent(one) {
    if (!one.merged_into) return null;
    const link = make("button", { type: "button", class: "quiet", "data-case-no": one.merged_into }, one.merged_into);
    link.addEventListener("click", () => open(one.merged_into));
    return line(t("并入"), link);
  }

  function section(title, ...children) {
    return make("section", {}, make("h3", {}, title), ...children);
  }

  function places(one) {
    if (!one.grids.length || !one.placed) return make("p", { class: "card-place" }, t("待定位"));
    const links = one.grids.map((grid) => make("a", { href: Wall.address.href(grid.code), "data-open": grid.code }, grid.name));
    return make("p", { class: "card-place" }, ...links.flatMap((link, at) => (at ? ["›", link] : [link])));
  }

  function timeline(one, now) {
    const steps = one.events.length
      ? one.events.map((step) => [step.at, told(step.label), step.inferred ? t("{state}（推断）", { state: told(step.to_label || "") }) : told(step.to_label || "")])
      : Object.entries(DATES).filter(([name]) => one[name]).map(([name, word]) => [one[name], word, ""]);
    const rows = steps.map(([at, word, to]) => make("li", {},
      make("time", { datetime: at }, moment(at, now)), make("b", {}, word), make("span", {}, to)));
    const next = one.legal_labels.length ? t("下一步可为：{steps}", { steps: one.legal_labels.map(told).join(t("、")) }) : "";
    return section(t("办理经过 · {n} 步", { n: count(steps.length) }), make("ol", { class: "card-steps" }, ...rows), make("p", { class: "card-note" }, next));
  }

  /** The visits after the closing: until when each is due, and when it was. */
  function visits(one, now) {
    if (!one.follow_ups?.length) return "";
    const said = (visit) => (visit.done_at ? t("已于 {at}", { at: moment(visit.done_at, now) }) : visit.late ? t("逾期未回访") : t("未回访"));
    return section(t("回访"), make("ul", { class: "card-facts" }, ...one.follow_ups.map((visit) =>
      line(t("应于 {at}", { at: moment(visit.due_at, now) }), said(visit)))));
  }

  function video(one) {
    if (!one.location) return section(t("附近视频"), make("p", { class: "card-note" }, t("没有可标示的位置")));
    const rows = (one.video_near || []).map((point) => make("li", { "data-status": point.status },
      make("i", { class: "card-dot" }), make("span", {}, `${point.point_id.slice(0, -6)}······`),
      make("span", {}, `${count(Math.round(point.distance_m))} m`), make("b", {}, VIDEO[point.status] || point.status)));
    const online = (one.video_near || []).filter((point) => point.status === "ON").length;
    return section(t("附近视频 · 在线 {n} / {of}", { n: count(online), of: count(rows.length) }), make("ol", { class: "card-video" }, ...rows));
  }

  function units(one) {
    if (!one.orgs_near?.length) return null;
    const rows = one.orgs_near.map((org) => make("li", {}, make("span", {}, org.name), make("span", {}, told(org.type_label)),
      make("span", {}, `${count(Math.round(org.distance_m))} m`)));
    return section(t("附近单位（距所辖网格的标注点）"), make("ol", { class: "card-units" }, ...rows));
  }

  function fill(one) {
    const now = Wall.clock.now();
    const { labels } = one;
    write($("card-title"), caseTitle(one));
    mark($("card"), "data-light", one.open ? one.light : "");
    mark($("card"), "data-state", one.state);
    const state = make("p", { class: "card-state" }, make("b", {}, told(labels.state || one.state)),
      one.open ? make("span", { class: "card-light" }, LIGHT[one.light] || one.light) : null, make("span", {}, remaining(one, now)));
    const facts = make("ul", { class: "card-facts" },
      line(t("编号"), one.case_no), line(t("类型"), told(labels.kind)), line(t("来源渠道"), told(labels.source_channel)),
      line(t("承办单位"), one.handling_org),
      line(t("化解方式"), told(labels.resolution_method)), line(t("结果"), told(labels.outcome)),
      line(t("化解层级"), told(labels.resolved_level)), line(t("移送去向"), told(labels.transfer_to)), parent(one));
    const origin = t("来源 {source} · 上游 {upstream} · 入库 {stored} · 序号 {seq}", {
      source: one.source, upstream: one.source_updated_at ? moment(one.source_updated_at, now) : t("未注明"),
      stored: moment(one.ingested_at, now), seq: count(one.seq) });
    const flags = one.quality.length ? t("数据标记：{flags}", { flags: one.quality.join(t("、")) }) : "";
    $("card-body").replaceChildren(state, places(one), facts, timeline(one, now), visits(one, now), video(one), units(one) || "",
      make("p", { class: "card-note" }, origin), make("p", { class: "card-note" }, flags));
  }

  async function load() {
    const mine = ++asked;
    const number = shown;
    try {
      const one = await Wall.api.case(number);
      if (mine === asked) fill(one);
    } catch (fault) {
      if (mine !== asked) return;
      write($("card-title"), number);
      $("card-body").replaceChildren(make("p", { class: "card-note" }, fault.status === 404 ? t("没有这个案件，或本屏无权查看") : t("暂时取不到，稍后再试")));
    }
  }

  function open(number) {
    if (Wall.visitor.on()) return null;
    shown = number;
    mark($("card"), "data-case", number);
    write($("card-title"), "");
    $("card-body").replaceChildren();
    $("card").hidden = false;
    $("card-close").focus({ preventScroll: true });
    turned();
    return load();
  }

  function close() {
    if (!shown) return;
    shown = null;
    asked += 1;
    $("card").hidden = true;
    mark($("card"), "data-case", "");
    turned();
  }

  /** The case that an element stands for: a feed row, or an alert about a case. */
  function caseOf(node) {
    const row = node.closest?.("#feed-list [data-case-no], #alert-list [data-subject]");
    if (!row || node.closest("button, a")) return null;
    return row.dataset.caseNo || (row.dataset.rule !== "R13" ? row.dataset.subject : null);
  }

  /** `go(code)` opens a grid; `tell()` follows when another case, or none, is shown. */
  function start(go, tell) {
    openGrid = go;
    $("card-close").addEventListener("click", close);
    document.addEventListener("click", (event) => {
      const number = caseOf(event.target);
      if (number) open(number);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && caseOf(event.target)) open(caseOf(event.target));
      if (event.key !== "Escape" || !shown) return;
      event.stopImmediatePropagation(); // the card goes first, the grid only with the next Escape
      close();
    }, true);
    const path = location.pathname.match(/\/case\/([^/]+)\/?$/);
    const kept = new URLSearchParams(location.search).get("case");
    if (path) follow(decodeURIComponent(path[1]));
    else if (kept) open(kept);
    turned = tell;
  }

  /** The page was opened for a case: its card, and the map on its grid. */
  async function follow(number) {
    if (!open(number)) return;
    try {
      const one = await Wall.api.case(number);
      const grid = one.grids[Math.max(0, one.grids.length - 2)];
      if (grid && one.placed) openGrid(grid.code);
    } catch {
      // the card says so
    }
  }

  /** A panel like the others: the case on the card has changed. */
  function paint(state, changes, whole) {
    if (shown && (whole || changes.rows.has(shown) || changes.cases.has(shown))) load();
  }

  Wall.card = { start, open, close, follow, paint, shown: () => shown };
})();
