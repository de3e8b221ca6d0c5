"""Measurements: `python -m bench` lists them. They hold no promise; the tests do, and have no timings."""
