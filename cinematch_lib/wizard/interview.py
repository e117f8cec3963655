"""The questions of the three set-ups, each answered by a flag or by a person."""

import argparse
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.datasets import SAMPLE
from cinematch_lib.data.tmdb.settings import TOKEN
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.checks import check_values
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters, steps_between
from cinematch_lib.pipeline.parameters import Parameter, check_parameters
from cinematch_lib.storage.dotenv import dotenv_path
from cinematch_lib.wizard import terminal
from cinematch_lib.wizard.inspect import DataSet, Survey
from cinematch_lib.wizard.plan import Plan, pipeline_time, tmdb_time
from cinematch_lib.wizard.preflight import MODES
from cinematch_lib.wizard.prompts import Prompter
from cinematch_lib.wizard.token import accepted_token, is_set_outside_dotenv
from cinematch_lib.wizard.values import parse, to_text

_FIRST_LOOK = 500  # films, the default number for requests to TMDb
_ASKED = {one.name for one in fields(Filters)} | {"services", "services_file", "region", "offers", "max_features"}
_NOT_SET_HERE = ("dataset", "use_tmdb", "tmdb_limit")  # they have questions or flags of their own
_QUICK_FROM = 1980  # the first year of release in the system that this one replaces
_WIDEST = 56  # characters of a value in a menu


class Interview:
    """The answers of one person, or of one command line, on the way to a plan."""

    def __init__(self, prompter: Prompter, survey: Survey, options: argparse.Namespace) -> None:
        """Check the values of ``-p``. Raises CineMatchError."""
        self._prompter, self._survey, self._options = prompter, survey, options
        self._everywhere = step_parameters(list(STEPS))
        self._known = step_parameters(steps_between(None, options.to))
        self._values = check_parameters(dict(options.p), self._known, self._everywhere, typed=True)
        if "dataset" in self._values:
            raise CineMatchError("dataset is not given with -p here; say --dataset NAME")
        self._given = set(self._values)
        check_values(self._all(self._values))

    def plan(self) -> Plan:
        """Ask the questions that no flag answers. Raises CineMatchError, KeyboardInterrupt on leaving."""
        titles = {name: f"{name:<7} {meaning}" for name, meaning in MODES.items()}
        mode = self._prompter.select("Set-up", titles, default="quick", given=self._options.mode)
        data_set = self._data_set(with_tmdb=mode == "full")
        self._plan = Plan(data_set, self._options.to)
        {"quick": self._quick, "full": self._full, "custom": self._custom}[mode](data_set)
        check_values(self._all(self._values), data_set.name)
        self._plan.values = {
            name: value
            for name, value in self._values.items()
            if name in self._given or value != self._known[name].default
        }
        return self._plan

    # --- the three set-ups -------------------------------------------------------------------------------

    def _quick(self, data_set: DataSet) -> None:
        if "min_year" in self._known and "min_year" not in self._values:
            self._values["min_year"] = _QUICK_FROM
            terminal.say(
                f"Films before {_QUICK_FROM} are left out, and the run counts them; -p min_year null keeps all."
            )
        if not data_set.has_metadata:
            self._values.setdefault("use_tmdb", False)

    def _full(self, data_set: DataSet) -> None:
        if self._values.get("use_tmdb") is False:
            raise CineMatchError("the full set-up takes TMDb's data; leave out use_tmdb, or say --mode quick")
        self._tmdb(data_set)
        if "services" in self._known and (self._plan.asks_tmdb or self._survey.has_providers):
            self._values.setdefault("services", "tmdb")
            self._parameter("region")

    def _custom(self, data_set: DataSet) -> None:
        has_metadata = data_set.has_metadata or self._wants_tmdb(data_set)
        terminal.heading("Filters and features")
        terminal.say(
            "Enter takes the value in [brackets]. Lists have commas between their items; none is an empty value."
        )
        for name in [*step_parameters(["clean"]), *step_parameters(["features"])]:  # in the notebooks' order
            if name in _ASKED and name in self._known and self._applies(name, has_metadata):
                self._parameter(name)
        while name := self._another():
            self._parameter(name, again=True)

    def _applies(self, name: str, has_metadata: bool) -> bool:
        source = self._all(self._values)["services"]
        needs: dict[str, bool] = {
            "require_tmdb": has_metadata,
            "services_file": source == "file",
            "region": source in ("tmdb", "file"),
            "offers": source == "tmdb",
        }
        return needs.get(name, True)

    # --- the data set ------------------------------------------------------------------------------------

    def _data_set(self, *, with_tmdb: bool) -> DataSet:
        offered = {name: one for name, one in self._survey.data_sets.items() if not (with_tmdb and one.has_metadata)}
        if with_tmdb:
            terminal.say(f"The {SAMPLE} has metadata of its own, so it is not enriched from TMDb.")
        problems = {name: problem for name, one in offered.items() if (problem := self._problem(one))}
        name = self._prompter.select(
            "Data set",
            {name: _sizes(one, in_short=name in problems) for name, one in offered.items()},
            default=next(name for name in (SAMPLE, "ml-latest-small", *offered) if name in offered),
            given=self._options.dataset,
            header=f"{'':<16} {'films':>7} {'ratings':>11} {'download':>9}  pipeline",
            disabled=problems,
        )
        if name in problems:
            raise CineMatchError(f"{name} {problems[name]}; mend that, or take another data set")
        return offered[name]

    def _problem(self, data_set: DataSet) -> str | None:
        """Why a data set cannot be taken; None where it can."""
        if data_set.missing:
            return f"lacks {' and '.join(data_set.missing)}"
        if data_set.disk_space > self._survey.free:
            return f"needs {data_set.disk_space / 1e9:.1f} GB, {self._survey.free / 1e9:.1f} GB are free"
        return None

    # --- TMDb --------------------------------------------------------------------------------------------

    def _wants_tmdb(self, data_set: DataSet) -> bool:
        terminal.heading("TMDb")
        terminal.say("It adds overviews, casts, posters and streaming offers, and requires a free token.")
        given = self._values.get("use_tmdb")
        wanted = self._values["use_tmdb"] = self._prompter.confirm("Take TMDb's data?", default=False, given=given)
        if wanted:
            self._tmdb(data_set)
        return wanted

    def _tmdb(self, data_set: DataSet) -> None:
        terminal.say("")
        if self._survey.has_own_table:
            terminal.say("The metadata table in the folder tmdb is used as it is; no requests are sent to TMDb.")
            return
        self._plan.asks_tmdb = True
        is_overridden = is_set_outside_dotenv()
        self._plan.token = accepted_token(self._prompter)
        if self._plan.token is not None:
            terminal.say(
                f"It is used for this run only, unless it is stored in {dotenv_path()}, readable by you alone."
            )
            if is_overridden:
                terminal.say(f"But the environment sets {TOKEN} too, which overrides the file: unset it there.")
            given = self._options.save_token
            self._plan.stores_token = self._prompter.confirm("Store it there?", default=False, given=given)
        if "tmdb_limit" not in self._values:
            first_look = f"{tmdb_time(data_set, _FIRST_LOOK)}; a good first try"
            terminal.rows([("all", tmdb_time(data_set, None)), (str(_FIRST_LOOK), first_look)])
            terminal.say(
                "A number takes the most rated films. Each response is stored at once: an interrupted run goes on "
                "where it stopped."
            )
            answer = self._prompter.text("Number of films, or all", self._limit, default=str(_FIRST_LOOK))
            self._values["tmdb_limit"] = answer

    def _limit(self, text: str) -> int | None:
        limit: int | None = parse(self._known["tmdb_limit"], "none" if text.casefold() == "all" else text)
        if limit == 0:
            raise CineMatchError("take one film at least, or say all")
        check_values(self._all({"tmdb_limit": limit}))
        return limit

    # --- parameters --------------------------------------------------------------------------------------

    def _all(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` with the defaults of all other parameters."""
        return {name: one.default for name, one in self._everywhere.items()} | dict(values)

    def _parameter(self, name: str, *, again: bool = False) -> None:
        if name in self._values and not again:
            return
        parameter = self._known[name]
        value = self._values.get(name, parameter.default)
        terminal.say(f"\n{parameter.description or name}")
        if parameter.type is bool:
            self._values[name] = self._prompter.confirm(name, default=value)
        else:
            parsed = partial(self._parsed, parameter)
            self._values[name] = self._prompter.text(name, parsed, default=to_text(value))

    def _parsed(self, parameter: Parameter, text: str) -> Any:
        value = parse(parameter, text)
        if not (parameter.name == "services" and value == "file"):  # the question for its file follows
            check_values(self._all(self._values | {parameter.name: value}), self._plan.data_set.name)
        return value

    def _another(self) -> str:
        """The name of a parameter that the person wants to set; empty for none."""
        current = self._all(self._values)
        titles = {"": "none, go on"}
        for name in self._known:
            if name not in _NOT_SET_HERE:
                value = to_text(current[name])
                titles[name] = f"{name:<18} {value if len(value) <= _WIDEST else f'{value[: _WIDEST - 1]}…'}"
        terminal.say("")
        return self._prompter.select("Another parameter to set", titles, default="")


def _sizes(data_set: DataSet, *, in_short: bool) -> str:
    """A line of the menu of data sets; `in_short` leaves room for the reason why it cannot be taken."""
    films, ratings = ("?" if size is None else f"{size:,}" for size in (data_set.films, data_set.ratings))
    download = f"{data_set.megabytes} MB" if data_set.megabytes else "none"
    line = f"{data_set.name:<16} {films:>7} {ratings:>11}"
    return line if in_short else f"{line} {download:>9}  {pipeline_time(data_set)}"
