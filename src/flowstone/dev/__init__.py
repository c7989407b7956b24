"""The scheduler for development: schedules, sensors and files watched in one process, runs by the local runner."""
