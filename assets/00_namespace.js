// The one global of the page. Scripts load in the order of their names; each adds one noun to it.
"use strict";
globalThis.Wall = {};
