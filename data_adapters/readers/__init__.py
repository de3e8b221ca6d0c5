"""One reader a kind of place where raw rows lie. They are found by the entry point group ``yiping.readers``."""
