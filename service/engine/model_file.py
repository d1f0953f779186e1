"""What a model file is, before it is loaded: from its header, its sidecar and the settings."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from service.engine.base import EngineError
from service.engine.coding import Coding, Shapes
from service.engine.contract import keeps_contract
from service.engine.outline import Outline, read_outline
from service.engine.properties import take_traits
from service.engine.recognition import codings_of
from service.engine.sidecar import Sidecar, read_sidecar, sidecar_of
from service.engine.signatures import KNOWN
from service.traits import Traits

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model file.

    Attributes:
        path: The file.
        codings: How windows may have to be given to it; a probe decides where that is open.
        ours: Whether it keeps our contract, so that nothing is left to find out.
        outline: What the file says of itself.
        sidecar: What its owner says of it.
    """

    path: Path
    codings: Sequence[Coding]
    ours: bool
    outline: Outline
    sidecar: Sidecar

    def traits(self, coding: Coding) -> Traits:
        """The sidecar's traits, else the file's, else those of the signature.

        Raises:
            EngineError: the file states one that cannot be.
        """
        defaults = coding.signature.traits
        if not self.ours:
            defaults = replace(defaults, lattice=0)  # whoever completes lattices says so
        stated = take_traits(dict(self.outline.properties), self.path, defaults)
        told = {each.name: getattr(self.sidecar, each.name) for each in fields(Traits)}
        return replace(stated, **{name: value for name, value in told.items() if value is not None})

    def states(self, trait: str) -> bool:
        """Whether sidecar or file state a trait."""
        return getattr(self.sidecar, trait) is not None or trait in self.outline.properties

    def batch(self, coding: Coding) -> int:
        """Most windows of a run; 0: any number."""
        return coding.batch or self.sidecar.batch or coding.signature.batch

    def runnable(self, configured: Sequence[int]) -> list[Coding]:
        """The codings that have a window size.

        Raises:
            EngineError: none has.
        """
        runnable, errors = [], []
        for coding in self.codings:
            try:
                self.window_sizes(coding, configured)
            except EngineError as error:
                errors.append(error)
            else:
                runnable.append(coding)
        if not runnable:
            raise errors[0]
        return runnable

    def shapes(self, configured: Sequence[int], max_batch: int) -> tuple[Shapes, Shapes]:
        """The smallest and the largest inputs by name, as TensorRT must know them beforehand."""
        coding = self.codings[0]
        sizes = (coding.side,) if coding.side else self.sidecar.sizes or configured
        batch = min(max_batch, self.batch(coding) or max_batch)
        return coding.shapes(1, min(sizes)), coding.shapes(batch, max(sizes))

    def window_sizes(self, coding: Coding, configured: Sequence[int]) -> tuple[int, ...]:
        """The window sizes to run, ascending: its only one, the sidecar's or the configured ones.

        Of the configured sizes a network that is not ours takes the multiples of its stride.

        Raises:
            EngineError: none is left, or one cannot be.
        """
        if coding.side:
            return (coding.side,)
        stride = self.traits(coding).stride
        sizes = sorted(set(self.sidecar.sizes or configured))
        fitting = [size for size in sizes if size % stride == 0]
        strict = self.ours or self.sidecar.sizes is not None
        if not fitting or (strict and fitting != sizes):
            odd = [size for size in sizes if size % stride]
            raise EngineError(
                f"window sizes must be multiples of the model's stride {stride}: {odd}"
                if sizes
                else "there is no window size to run"
            )
        return tuple(fitting)


def identify(model: Path, signature: str = AUTO, *, owner: Path | None = None) -> ModelFile:
    """Find out what a file is by its header.

    Args:
        model: The file.
        signature: Name of its signature, or `auto`: the sidecar's, else what is recognised.
        owner: The file whose sidecar counts, where `model` is a variant of another.

    Raises:
        EngineError: there is no such file, it is no ONNX file, has no known signature or not the
            one named, or its sidecar cannot be used; says why in words.
    """
    if not model.is_file():
        raise EngineError(f"there is no model at {model}; set INPAINT_MODEL to an ONNX file")
    outline = read_outline(model)
    sidecar = read_sidecar(owner or model)
    name = (sidecar.signature or AUTO) if signature == AUTO else signature
    signatures = tuple(KNOWN.values()) if name == AUTO else (KNOWN[name],)
    codings = codings_of(outline, model, signatures)
    return ModelFile(
        model,
        _as_told(codings, sidecar, owner or model),
        keeps_contract(outline),
        outline,
        sidecar,
    )


def _as_told(codings: Sequence[Coding], sidecar: Sidecar, model: Path) -> list[Coding]:
    """The codings that agree with the sidecar.

    Raises:
        EngineError: none does.
    """
    told = [
        each
        for each in codings
        if sidecar.output in (None, str(each.answer))
        and sidecar.mask in (None, each.higher)
        and not (sidecar.batch or 0) > (each.batch or sidecar.batch or 0)
        and (each.side is None or sidecar.sizes in (None, [each.side]))
    ]
    if not told:
        can = "; ".join(sorted({f"{each}, {_limits(each)}" for each in codings}))
        raise EngineError(f"{sidecar_of(model)} does not go with {model}, which may be {can}")
    return told


def _limits(coding: Coding) -> str:
    sizes = f"size {coding.side}" if coding.side else "any size"
    return f"{sizes}, {f'batch {coding.batch}' if coding.batch else 'any batch'}"
