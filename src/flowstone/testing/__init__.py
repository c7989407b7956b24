"""Contract suites that others can run over their own IO managers. They need pytest."""
