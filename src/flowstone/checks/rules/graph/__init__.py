"""Rules that look at the whole graph: they are asked again if something has changed that ``outside.py`` shows."""
