// The theme: dark for the wall, light for bright rooms, or as the machine has it (auto). The switch is remembered.
"use strict";
(() => {
  const COOKIES = { lang: "yiping_lang", theme: "yiping_theme" };
  const A_YEAR_S = 400 * 86_400;
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const followers = [];

  /** "dark" or "light", whatever was chosen. */
  function now() {
    if (root.dataset.theme === "auto") return dark.matches ? "dark" : "light";
    return root.dataset.theme === "light" ? "light" : "dark";
  }

  /** A token as it is shown now, [red, green, blue] of 0 to 255. */
  function rgb(token) {
    const probe = document.createElement("i");
    probe.style.color = `var(${token})`;
    root.append(probe);
    const found = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    probe.remove();
    return found;
  }

  function remember(name, value) {
    const safe = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${COOKIES[name]}=${value}; max-age=${A_YEAR_S}; path=/; samesite=strict${safe}`;
  }

  const tell = () => followers.forEach((follow) => follow(now()));

  function choose(theme) {
    root.dataset.theme = theme;
    remember("theme", theme);
    tell();
  }

  /** The other language: the page is loaded again, and goes on where it was. */
  function speak(language) {
    remember("lang", language);
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    location.replace(address);
  }

  const turn = () => choose(now() === "dark" ? "light" : "dark");
  const turnLanguage = () => speak(root.lang === "en" ? "zh" : "en");

  dark.addEventListener("change", () => root.dataset.theme === "auto" && tell());

  Wall.theme = { now, rgb, turn, turnLanguage, follow: (follow) => followers.push(follow) };
})();
