"""Every setting of the service: name, default, bounds and meaning, read from the environment."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.environment import PREFIX
from service.http.origins import origin_as_sent
from service.keys.key import Key
from service.keys.key_file import read_keys
from service.operation.cpus import available_cpus

_HERE = Path(__file__).resolve().parent
_IN_WHEEL, _IN_CHECKOUT = "models/inpaint.int8.onnx", "../models/inpaint.onnx"
BUNDLED_MODEL = (_HERE / (_IN_WHEEL if (_HERE / _IN_WHEEL).is_file() else _IN_CHECKOUT)).resolve()
"""A wheel carries the 8-bit variant alone."""

CommaSeparated = Annotated[tuple[str, ...], NoDecode]
CommaSeparatedInts = Annotated[tuple[int, ...], NoDecode]


class Settings(BaseSettings):
    """Settings of one server, from the environment (prefix `INPAINT_`)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may hold keys
    )

    # --- where it listens
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="port to listen on (0: any free one)"
    )
    root_path: str = Field(default="", description="path under which a proxy publishes the service")

    # --- the engine
    engine: Literal["onnx", "dummy"] = Field(
        default="onnx", description="onnx: the model; dummy: the mean colour of the known pixels"
    )
    model: Path = Field(
        default=BUNDLED_MODEL,
        description="the default model: an ONNX file, or a name in INPAINT_MODELS (default: the "
        "bundled one); loaded at the start, it decides readiness and is never dropped",
    )
    models: Path | None = Field(
        default=None,
        description="a folder of more models, NAME.onnx each, which requests choose by the field "
        "`model`; read at the start, each loaded when it is first asked for",
    )
    models_memory: int = Field(
        default=2048,
        ge=1,
        description="MiB that the models loaded may take by estimate; beyond it the one unused "
        "for longest is dropped, never one in use, the one used last or the default",
    )
    model_signature: Literal["auto", "pconv", "lama", "lama-web", "migan", "migan-bare"] = Field(
        default="auto",
        description="how the model takes windows: auto (told by its file and by trying it), pconv, "
        "lama, lama-web, migan or migan-bare",
    )
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = Field(
        default="auto",
        description="what computes; cuda and tensorrt fail at start where they cannot be used",
    )
    precision: Literal["auto", "fp32", "int8", "fp16"] = Field(
        default="auto",
        description="which variant of the model runs; auto: on a CPU the faster one of int8 and "
        "fp32, on a GPU fp16, if the model has it beside it, else fp32; models beside the default "
        "one that have no such variant run as with auto",
    )
    tensorrt_cache: Path | None = Field(
        default=None, description="folder in which TensorRT keeps what it builds"
    )
    device_id: int = Field(default=0, ge=0, description="which GPU")
    gpu_memory_mb: int = Field(
        default=0, ge=0, description="limit of GPU memory in MiB, of each model (0: none)"
    )
    threads: int = Field(
        default=0, ge=0, description="threads of the CPU provider (0: CPUs granted)"
    )
    window_sizes: CommaSeparatedInts = Field(
        default=(128, 256, 384, 512),
        description="window sizes in pixels, multiples of the model's stride",
    )

    # --- texture
    texture: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="rebuild the model's fill from the photo's own pixels; auto: where time and "
        "memory allow it; a request's field `texture` overrides",
    )
    texture_memory_mb: int = Field(
        default=768,
        ge=1,
        description="MiB that texture may take beside the photos, all requests together",
    )

    # --- limits of one request
    max_body_bytes: int = Field(default=128 * 2**20, ge=1, description="bytes of a request's body")
    max_pixels: int = Field(
        default=50_000_000, ge=1, description="pixels of an image, from its header"
    )
    max_form_parts: int = Field(default=100, ge=2, description="files and fields of a form")
    deadline_s: float = Field(
        default=120.0, gt=0, description="seconds for a request, upload included"
    )
    upload_idle_s: float = Field(
        default=20.0,
        gt=0,
        description="seconds without a byte of the upload, or of the answer being read",
    )
    # A photo of 5 MB that makes the deadline of 120 s comes at five times this rate.
    upload_min_bytes_s: int = Field(
        default=8192,
        ge=0,
        description="bytes a second below which an upload loses its place to others (0: never)",
    )

    # --- admission
    queue_size: int = Field(default=16, ge=0, description="requests that may wait for a worker")
    workers: int = Field(
        default=0, ge=0, description="requests worked on at once (0: 2 for each CPU)"
    )
    max_batch: int = Field(
        default=0,
        ge=0,
        description="most windows of a run (0: what the warm-up finds best, up to 16 on a GPU, "
        "4 on a CPU)",
    )
    runs: int = Field(
        default=0,
        ge=0,
        description="runs that overlap on a CPU and share its threads (0: one for each thread, 4 "
        "at most); more answer more requests and need more memory",
    )
    batch_wait_ms: float = Field(
        default=2.0, ge=0, description="how long a run waits for more windows"
    )

    # --- jobs
    job_ttl_s: float = Field(
        default=600.0, gt=0, description="seconds for which a job that has ended can be asked for"
    )
    jobs_max: int = Field(
        default=100,
        ge=0,
        description="jobs that are kept, those under way included; each holds a file open (0: "
        "`Prefer: respond-async` is not followed)",
    )
    jobs_mb: int = Field(
        default=512, ge=1, description="MiB that the results of all jobs may take on the disk"
    )
    jobs_folder: Path | None = Field(
        default=None,
        description="an existing folder in which results lie, as files without names (default: "
        "the system's temporary folder)",
    )

    # --- who may ask
    api_keys: CommaSeparated = Field(
        default=(),
        repr=False,
        description="bearer keys, separated by commas (empty: no key is asked for)",
    )
    api_keys_file: Path | None = Field(
        default=None,
        description="file of keys, one a line, each with a name and limits if it has any; both "
        "this and INPAINT_API_KEYS count",
    )
    cors_origins: CommaSeparated = Field(
        default=(),
        description="origins of browser pages that may ask, separated by commas (*: any)",
    )
    trust_forwarded: bool = Field(
        default=False,
        description="believe X-Forwarded-Host, X-Forwarded-Proto and Forwarded; only behind a "
        "proxy that sets them",
    )

    # --- answers
    png_compression: int = Field(
        default=1, ge=0, le=9, description="0 (fast, large) to 9 (slow, small)"
    )
    jpeg_quality: int = Field(default=95, ge=1, le=100, description="quality of JPEG answers")
    provenance: bool = Field(
        default=True,
        description="say in the XMP of filled photos that a model made part of them",
    )

    heartbeat_s: float = Field(
        default=10.0, gt=0, description="seconds between signs of life in a stream of events"
    )

    # --- life
    drain_delay_s: float = Field(
        default=2.0,
        ge=0,
        description="seconds from 'not ready' to closing the listeners at SIGTERM",
    )
    shutdown_grace_s: float = Field(
        default=0.0, ge=0, description="seconds accepted requests get to finish (0: deadline_s)"
    )

    # --- what it tells
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="log level"
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="one JSON object a line, or text"
    )
    metrics: bool = Field(default=True, description="answer GET /metrics")
    otel: bool = Field(
        default=False, description="send OpenTelemetry traces (needs the extra `otel`)"
    )

    @field_validator("api_keys", "cors_origins", "window_sizes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _as_sent(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin_as_sent(text) for text in value)

    @field_validator("root_path")
    @classmethod
    def _trim(cls, value: str) -> str:
        path = value.strip().rstrip("/")
        if path and not path.startswith("/"):
            raise ValueError("must start with a slash, such as /inpainting")
        return path

    @field_validator("jobs_folder", "models")
    @classmethod
    def _there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder")
        return value

    @field_validator("window_sizes")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1:
            raise ValueError("must name at least one size, each above 0")
        return tuple(sorted(set(value)))

    _keys: tuple[Key, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _with_keys(self) -> Self:
        self._keys = read_keys(self.api_keys, self.api_keys_file)
        return self

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys, as they were when the settings were read. None: no key is asked for."""
        return self._keys

    @property
    def model_file(self) -> Path:
        """The file of the default network, whether `model` is its path or its name."""
        if self.models is not None and len(self.model.parts) == 1:
            named = self.models / f"{self.model}.onnx"
            return named if named.is_file() else self.model
        return self.model

    @property
    def worker_count(self) -> int:
        """Requests worked on at once."""
        return self.workers or 2 * available_cpus()

    @property
    def thread_count(self) -> int:
        """Threads of the CPU provider."""
        return self.threads or available_cpus()

    @property
    def grace_s(self) -> float:
        """Seconds that accepted requests get to finish at a stop."""
        return self.shutdown_grace_s or self.deadline_s


def describe_settings() -> str:
    """One line for each setting: variable, meaning and default."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        elif name == "model":
            default = f"models/{BUNDLED_MODEL.name}"
        elif default is None:
            default = ""
        rows.append((PREFIX + name.upper(), field.description, default))
    width = max(len(variable) for variable, _, _ in rows)
    return "\n".join(
        f"  {variable:<{width}}  {text} [{default}]" for variable, text, default in rows
    )
