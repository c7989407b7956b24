"""The front end: from source files to the intermediate representation, without importing any of the user's code."""
