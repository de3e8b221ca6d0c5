// Counts what went wrong in the page or was survived; the wall tells the server how many.
"use strict";
(() => {
  let count = 0;
  addEventListener("error", (event) => {
    if (event.error || event.message) count += 1; // a picture or a tile that did not load is not an error of ours
  });
  addEventListener("unhandledrejection", (event) => {
    // Whoever expects it calls preventDefault, maybe after us.
    setTimeout(() => {
      if (!event.defaultPrevented) count += 1;
    });
  });

  /** A fault that was survived: told and counted all the same. */
  function caught(fault) {
    console.error(fault);
    count += 1;
  }

  Wall.errors = { count: () => count, caught };
})();
