"""The planted network of the tests of loops."""

from ..loop.conftest import project

__all__ = ["project"]
