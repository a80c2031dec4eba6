"""Fixtures that run the images as containers."""

from tests.kit.images import network, start_client, start_server

__all__ = ["network", "start_client", "start_server"]
