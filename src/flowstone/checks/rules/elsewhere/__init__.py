"""Diagnostics that no rule finds: the front end does while it reads, or a target while it compiles."""
