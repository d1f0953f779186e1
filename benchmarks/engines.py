"""The service's engine in every precision that there is a model file for."""

from service.engine.base import Engine, EngineError, in_full
from service.engine.build import build_engine
from service.settings import Settings

PRECISIONS = ("fp32", "int8", "fp16")


def engines_by_precision() -> dict[str, Engine]:
    """Engines of the server's settings, by the precision that they report.

    What cannot be used here is left out, with a printed line.
    """
    engines: dict[str, Engine] = {}
    for precision in PRECISIONS:
        try:
            engine = build_engine(Settings(precision=precision))
        except EngineError as error:
            print(f"{precision} is left out: {in_full(error)}")
        else:
            engines[engine.info.precision] = engine
    return engines
