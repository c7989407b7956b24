"""For tests: projects that run in memory, and contract suites for the IO managers of others. They need pytest."""
