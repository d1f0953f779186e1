"""Engines: what turns windows with holes into predicted windows."""

from service.engine.base import Engine, EngineError, EngineInfo

__all__ = ["Engine", "EngineError", "EngineInfo"]
