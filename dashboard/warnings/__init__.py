"""Rules that look at what is known and say what somebody should see. One rule a file."""
