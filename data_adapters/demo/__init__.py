"""A synthetic county made from published counts, and the upstream that plays on. Everything in it is invented."""
