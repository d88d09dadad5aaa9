"""A sample Azure DevOps: answers as the real products were recorded to give them, healthy or with one fault."""
from .server import running
from .variants import VARIANTS

__all__ = ["VARIANTS", "running"]
