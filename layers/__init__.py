"""Where it is: grids, cases, video points, tiles. Knows nothing of screens."""
