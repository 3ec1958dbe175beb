"""The chat platforms whose webhooks are measured: one for every other module of this folder."""

import importlib
import pkgutil

from platforms.base import Platform

__all__ = ["PLATFORMS", "Platform"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

# By the name of their function.
PLATFORMS: dict[str, Platform] = {it.function: it for it in (kind() for kind in Platform.__subclasses__())}
