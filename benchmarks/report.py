"""What every benchmark writes: results/NAME.json, NAME.md and NAME.png.

A report is made before anything is measured, because it notes how busy the machine is by then.
"""

import datetime
import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from service.settings import Settings

RESULTS = Path(__file__).parent / "results"
# By the names of their distributions; where one is not installed, it is left out.
LIBRARIES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "numpy",
    "opencv-python-headless",
    "pillow",
)
LOGARITHMIC_FROM = 30  # ratios that differ by more are drawn on a logarithmic axis
DIGITS = 6  # of a float in the JSON

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that was measured, and what it should be."""

    what: str
    measured: float
    kind: Literal["at most", "at least"]
    bound: float

    @property
    def kept(self) -> bool:
        """Whether the figure is on the right side of the bar."""
        if self.kind == "at most":
            return self.measured <= self.bound
        return self.measured >= self.bound


@dataclass(slots=True)
class Report:
    """The results of one benchmark.

    Attributes:
        name: Of the three files.
        title: Heading of the table and of the picture.
        peer: What the ratios are against, in words.
        columns: Heading of the table by the key of a row's value.
        labels: The keys that name a row in the picture.
        ratio: The key of the values that are drawn.
        settings: What the benchmark was asked for.
        machine: Where and when it ran.
        rows: One for each case.
        bars: What was to be reached.
        notes: Sentences below the table.
    """

    name: str
    title: str
    peer: str
    columns: dict[str, str]
    labels: tuple[str, ...]
    ratio: str = "ratio"
    settings: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=lambda: describe_machine())
    rows: list[dict[str, Value]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, **values: Value) -> None:
        """Add a row."""
        unknown = values.keys() - self.columns.keys()
        if unknown:
            raise ValueError(f"{self.name} has no column for {sorted(unknown)}")
        self.rows.append(values)

    def at_most(self, what: str, measured: float, bound: float) -> None:
        """Hold a figure against a bar that it should not exceed."""
        self.bars.append(Bar(what, float(measured), "at most", bound))

    def at_least(self, what: str, measured: float, bound: float) -> None:
        """Hold a figure against a bar that it should reach."""
        self.bars.append(Bar(what, float(measured), "at least", bound))

    def write(self, folder: Path = RESULTS, draw: Callable[[Any], None] | None = None) -> None:
        """Write the three files and print the table.

        Args:
            folder: Where to; made if it is not there.
            draw: Draws on the figure of matplotlib that it is given; without it, the ratios are
                drawn as one bar for each row.
        """
        folder.mkdir(parents=True, exist_ok=True)
        text = self.markdown()
        (folder / f"{self.name}.json").write_text(self.json())
        (folder / f"{self.name}.md").write_text(text)
        self._picture(folder / f"{self.name}.png", draw or self._draw_ratios)
        print(text)

    def json(self) -> str:
        """Everything, for programs."""
        record = {
            "benchmark": self.name,
            "title": self.title,
            "peer": self.peer,
            "machine": self.machine,
            "settings": self.settings,
            "rows": self.rows,
            "bars": [
                {
                    "what": bar.what,
                    "measured": bar.measured,
                    bar.kind.replace(" ", "_"): bar.bound,
                    "kept": bar.kept,
                }
                for bar in self.bars
            ],
            "notes": self.notes,
        }
        return json.dumps(_rounded(record), indent=2, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """The tables, for readers."""
        lines = [f"# {self.title}", "", f"Ratios are against {self.peer}.", ""]
        lines += _table(list(self.columns.values()), [self._cells(row) for row in self.rows])
        if self.bars:
            cells = [
                [bar.what, shown(bar.measured), f"{bar.kind} {shown(bar.bound)}", _kept(bar)]
                for bar in self.bars
            ]
            lines += ["", *_table(["Bar", "Measured", "Should be", "Kept"], cells)]
        for note in self.notes:
            lines += ["", note]
        return "\n".join([*lines, "", self._circumstances(), ""])

    def _cells(self, row: dict[str, Value]) -> list[str]:
        return [shown(row.get(key)) for key in self.columns]

    def _circumstances(self) -> str:
        machine = self.machine
        libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
        settings = "; ".join(f"{name} {value}" for name, value in self.settings.items())
        return (
            f"{machine['date']}: {machine['processor']}, {machine['cpus']} CPUs, of which the "
            f"engine uses {machine['threads']}; load average before the run {machine['load']}; "
            f"Python {machine['python']}, {libraries}." + (f" {settings}." if settings else "")
        )

    def _picture(self, path: Path, draw: Callable[[Any], None]) -> None:
        import matplotlib  # takes a second, and measured processes import this module too

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=(9, 4), layout="constrained")
        draw(figure)
        figure.suptitle(self.title)
        figure.savefig(path, dpi=100)
        pyplot.close(figure)

    def _draw_ratios(self, figure: Any) -> None:
        """One bar for each row that has a ratio, the first row on top, and a line at the peer's."""
        drawn = [row for row in self.rows if isinstance(row.get(self.ratio), int | float)]
        names = [", ".join(shown(row[key]) for key in self.labels) for row in drawn]
        ratios = [row[self.ratio] for row in drawn]
        figure.set_size_inches(9, 1.5 + 0.28 * len(drawn))
        axes = figure.subplots()
        places = range(len(drawn))
        axes.bar_label(axes.barh(places, ratios), [f" {shown(ratio)}" for ratio in ratios])
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.axvline(1, color="C3", ls="--", lw=1)
        if min(ratios) > 0 and max(ratios) / min(ratios) > LOGARITHMIC_FROM:
            axes.set_xscale("log")
        axes.margins(x=0.12, y=0.02)
        axes.set_xlabel(f"{self.columns[self.ratio]} (1: {self.peer})")


def shown(value: Value) -> str:
    """A value as a reader wants it: three digits, nothing for a missing one."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value


def describe_machine() -> dict[str, Any]:
    """The processor, how many of its threads are used, versions, the load now and the date."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "threads": Settings().thread_count,
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "libraries": {name: number for name in LIBRARIES if (number := _version(name))},
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _kept(bar: Bar) -> str:
    return "yes" if bar.kept else "**no**"


def _table(headings: list[str], rows: list[list[str]]) -> list[str]:
    cells = [headings, ["---"] * len(headings), *rows]
    return ["| " + " | ".join(row) + " |" for row in cells]


def _rounded(value: Any) -> Any:
    """The same value, its floats without digits that no measurement has."""
    if isinstance(value, dict):
        return {str(key): _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value
