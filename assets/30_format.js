// Numbers, times and words as a person reads them. Data becomes text nodes only, never markup.
"use strict";
(() => {
  const THIN = "\u2009"; // the thin space that separates thousands
  const { t, told } = Wall;
  const GRADE = { ORDINARY: t("普通"), COMPLEX: t("复杂"), MAJOR: t("重大"), PETITION_BACKLOG: t("信访积案") };
  const STAGE = { ACCEPT: t("受理"), TRIAGE: t("分流"), HANDLE: t("办理"), CLOSE: t("办结"), FOLLOW: t("回访") };
  const LIGHT = { YELLOW: t("将到期"), RED: t("已超期") };
  let zone = "Asia/Shanghai";
  let made = {};

  function formatter(name, options) {
    made[name] ??= new Intl.DateTimeFormat(Wall.words.locale, { timeZone: zone, hourCycle: "h23", ...options });
    return made[name];
  }

  /** All times are shown in the centre's time zone, wherever the screen hangs. */
  function useZone(name) {
    if (name === zone) return;
    zone = name;
    made = {};
  }

  const clock = (at) => formatter("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
  const minute = (at) => formatter("minute", { hour: "2-digit", minute: "2-digit" }).format(at);
  const day = (at) => formatter("day", { month: "numeric", day: "numeric" }).format(at);
  const year = (at) => formatter("year", { year: "numeric" }).format(at);
  const dated = (at) => formatter("dated", { year: "numeric", month: "numeric", day: "numeric" }).format(at);
  const longDay = (at) =>
    `${formatter("long", { month: "long", day: "numeric" }).format(at)} ${formatter("week", { weekday: "long" }).format(at)}`;

  /** The centre's date as 2026-11-22, and the moment as 2026-11-22T14:32:07+08:00. */
  const iso = (at) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(at);
  function stamp(at) {
    const offset = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
      .formatToParts(at).find((part) => part.type === "timeZoneName").value.slice(3);
    return `${iso(at)}T${clock(at)}${offset || "+00:00"}`;
  }

  /** Minutes since the centre's midnight. */
  function minuteOfDay(at) {
    const [hours, minutes] = minute(at).split(":").map(Number);
    return hours * 60 + minutes;
  }

  /** The time of day for today, the date before it for another day, the date with its year for another year. */
  function moment(text, now) {
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) return "";
    if (year(at) !== year(now)) return dated(at);
    return day(at) === day(now) ? clock(at) : `${day(at)} ${minute(at)}`;
  }

  /** A count too small to be told (83_visitor.js): none in a sum or a bar, "<5" in words. */
  const FEW = -0;

  /** 12470 -> "12 470" with a thin space; null -> "—". */
  function count(value) {
    if (Object.is(value, FEW)) return "<5";
    if (value === null || value === undefined) return "—";
    return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  }

  /** The parts of a rate as "n / N". */
  const parts = (n, of) => `${count(n)}${THIN}/${THIN}${count(of)}`;

  function age(seconds) {
    if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    if (seconds < 3600) return t("{n} 分", { n: Math.floor(seconds / 60) });
    if (seconds < 86_400) return t("{n} 小时", { n: Math.floor(seconds / 3600) });
    return t("{n} 天", { n: Math.floor(seconds / 86_400) });
  }

  /** "邻里" of kind DISPUTE reads "邻里纠纷". */
  function caseTitle(row) {
    const bare = row.kind === "DISPUTE" && /[\u4e00-\u9fff]$/.test(row.category) && !/(\u7ea0\u7eb7|\u5176\u5b83|\u5176\u4ed6)$/.test(row.category); // 纠纷, 其它, 其他
    const category = told(row.category);
    return `${bare ? t("{category}纠纷", { category }) : category} · ${GRADE[row.grade] || row.grade}`;
  }

  function casePlace(row) {
    if (!row.placed) return t("待定位");
    return [row.parent_name, row.grid_name || row.grid_code].filter(Boolean).join(" · ");
  }

  Wall.format = {
    FEW, GRADE, STAGE, LIGHT, useZone, clock, minute, day, longDay, minuteOfDay, moment, iso, stamp, count, parts, age, caseTitle,
    casePlace,
  };
})();
