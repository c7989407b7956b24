"""The local runner: a plan of tasks, executors that run them, and what is told about it."""
