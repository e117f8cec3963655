"""The settings of the page: filters and the other parameters of the pipeline, to count with, save and run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.parameters import check_parameters
from cinematch_lib.pipeline.recorded import recorded_parameters
from cinematch_lib.storage.files import write_text
from cinematch_lib.storage.paths import project_path

FILTERS = tuple(one.name for one in fields(Filters))
_OWN = ("dataset", "services", *FILTERS)


@dataclass(frozen=True)
class Settings:
    """Parameters of a pipeline: the data set, the filters, the source of streaming services, and the `rest`.

    `rest` are the parameters without a control on the page, as the run that the page starts from was given them.
    """

    dataset: str
    filters: Filters
    services: str = "demo"
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def default(cls, dataset: str, seed: int = 0) -> "Settings":
        """The defaults of the pipeline for a data set."""
        known = _defaults()
        filters = Filters(**{name: known[name] for name in FILTERS})
        return cls(dataset, filters, known["services"], {"seed": seed} if seed else {})

    @classmethod
    def from_run(cls, run: Run) -> "Settings":
        """The parameters of a run's catalog. Raises CineMatchError if the run does not record them."""
        clean = run.info.facts.get("clean", {})
        try:
            filters, services = Filters(**clean["filters"]), clean["services"]
            rest = {"seed": services["seed"], "region": services["region"], "offers": list(services["kinds"])}
        except (KeyError, TypeError):
            raise CineMatchError(
                f"the run {run.info.run_id} does not record its filters; make a new one: cinematch run"
            ) from None
        rest = {name: value for name, value in rest.items() if value != _defaults()[name]} | recorded_parameters(run)
        rest = {name: value for name, value in rest.items() if name not in _OWN}
        return cls(run.info.dataset, filters, services["source"], rest)

    def parameters(self) -> dict[str, Any]:
        """All parameters by name."""
        filters = {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self.filters).items()}
        given = {"dataset": self.dataset, **filters, "services": self.services, **self.rest}
        if self.services != "file":
            given.pop("services_file", None)
        return given

    def validated(self, steps: Sequence[str]) -> dict[str, Any]:
        """The parameters of the notebooks of these steps, as `cinematch run` validates them. Raises CineMatchError."""
        known = step_parameters(steps)
        return check_parameters({name: value for name, value in self.parameters().items() if name in known}, known)

    def save(self, path: Path) -> None:
        """Write the parameters as YAML, atomically. Raises CineMatchError."""
        if path.suffix not in (".yaml", ".yml"):
            raise CineMatchError(f"a parameter file must end in .yaml or .yml, got {path}")
        if not path.parent.is_dir():
            raise CineMatchError(f"{path.parent} is not a folder; create it, or choose another path")
        try:
            write_text(path, f"# cinematch run -f {path.name}\n{to_yaml(self.validated(list(STEPS)))}")
        except OSError as error:
            raise CineMatchError(f"{path} cannot be written: {error.strerror}; choose another path") from None

    def source(self, services: str, raw_dir: Path) -> ServicesSource:
        """The source of services called `services`, as 02_clean creates it. Raises CineMatchError."""
        known = {**_defaults(), **self.rest}
        own = project_path(known["services_file"]) if services == "file" and known["services_file"] else None
        options = {name: known[name] for name in ("region", "offers", "seed")}
        return ServicesSource.from_parameters(services, raw_dir=raw_dir, services_file=own, **options)

    def sources(self, raw_dir: Path) -> tuple[dict[str, ServicesSource], list[str]]:
        """The sources of services by name: that of the settings, those without a file, and those whose file exists.

        Also returns the errors of the sources that cannot be used.
        """
        names = [self.services, "demo", "none"]
        if (raw_dir / "tmdb" / "providers.csv").is_file():
            names.append("tmdb")
        if self.rest.get("services_file"):
            names.append("file")
        sources, errors = {}, []
        for name in dict.fromkeys(names):
            try:
                sources[name] = self.source(name, raw_dir)
            except CineMatchError as error:
                errors.append(str(error))
        return sources, errors

    def matches(self, info: RunInfo) -> bool:
        """Whether a run's catalog has this data set, these filters and this source of services."""
        clean = info.facts.get("clean", {})
        known = {**_defaults(), **self.rest}
        source = {name: known[of] for name, of in (("region", "region"), ("kinds", "offers"), ("seed", "seed"))}
        try:
            return (
                info.dataset == self.dataset
                and clean["services"] == {"source": self.services, **source}
                and Filters(**clean["filters"]) == self.filters
            )
        except (KeyError, TypeError, CineMatchError):  # a run of another version, or without a catalog
            return False


@cache
def _defaults() -> dict[str, Any]:
    """The notebooks' parameters with their defaults, by name."""
    return {name: one.default for name, one in step_parameters(list(STEPS)).items()}


def to_yaml(values: Mapping[str, Any]) -> str:
    """Parameters as YAML, one on each line."""
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, default_flow_style=None)
