"""What the world told us: read, map, check, keep. Knows nothing of maps or screens."""
