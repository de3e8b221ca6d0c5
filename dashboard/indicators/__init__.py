"""The catalogue of indicators and the figures of a screen, all formed from counts at the last moment."""
