// The viewer's own switches: language, theme, and the list of keys. Each has a button in the header and a key.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);

  function toggle() {
    const help = $("help");
    if (help.open) help.close();
    else help.showModal();
  }

  const KEYS = { "?": toggle, t: Wall.theme.turn, l: Wall.theme.turnLanguage };

  /** A key that is typed into something, or pressed together with others, is meant for somebody else. */
  const typed = (event) => event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select");

  function start() {
    $("turn-language").addEventListener("click", Wall.theme.turnLanguage);
    Wall.element.write($("turn-language"), document.documentElement.lang === "en" ? "ZH" : "EN");
    $("turn-theme").addEventListener("click", Wall.theme.turn);
    $("turn-help").addEventListener("click", toggle);
    $("help-close").addEventListener("click", toggle);
    $("help").addEventListener("click", (event) => event.target === $("help") && toggle());
    document.addEventListener("keydown", (event) => {
      // While the list is open every key but its own is nobody's; Escape closes it and nothing behind it.
      if ($("help").open && event.key !== "Tab" && event.key !== "Enter" && event.key !== " ") {
        event.stopImmediatePropagation();
        if (event.key === "Escape" || KEYS[event.key] === toggle) event.preventDefault(), toggle();
        return;
      }
      if (!typed(event) && KEYS[event.key]) KEYS[event.key]();
    }, true);
  }

  Wall.help = { start };
})();
