"""The whole server, put together and run."""

from __future__ import annotations

from flowstone.lsp.actions import add_actions
from flowstone.lsp.life import add_documents, add_life
from flowstone.lsp.navigation import add_navigation
from flowstone.lsp.proposals import add_completion
from flowstone.lsp.rename import add_renaming
from flowstone.lsp.server import FlowStoneServer


def make_server() -> FlowStoneServer:
    """A server that knows all its messages."""
    server = FlowStoneServer()
    add_life(server)
    add_documents(server)
    add_navigation(server)
    add_actions(server)
    add_renaming(server)
    add_completion(server)
    return server


def serve() -> int:
    """Serve one editor over stdin and stdout, until it says so or goes away; 0 if it had asked to shut down before."""
    server = make_server()
    server.start_io()
    return 0 if server.was_shut_down else 1
