"""The live feed: the change log, framed for each viewer's scope, with one unacknowledged frame a viewer."""
