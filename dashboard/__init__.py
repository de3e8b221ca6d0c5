"""Who sees it, now: indicators, live feed, pages."""
