"""The panels of the wall, one a file: the empty frame with its Chinese names, ids and marks."""
