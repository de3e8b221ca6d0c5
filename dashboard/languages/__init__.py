"""The languages of the pages. Chinese is what everything is written in and the key of every other language's words."""
