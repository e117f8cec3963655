"""The questions of the three set-ups, each answered by a flag or by a person."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.datasets import SAMPLE
from cinematch_lib.data.tmdb.settings import TOKEN, dotenv_path
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters, steps_between
from cinematch_lib.pipeline.parameters import Parameter, check_parameters
from cinematch_lib.wizard import terminal as page
from cinematch_lib.wizard.inspect import Choice, Survey
from cinematch_lib.wizard.options import MODES
from cinematch_lib.wizard.plan import Plan, pipeline_time, tmdb_time
from cinematch_lib.wizard.prompts import Prompter, chosen
from cinematch_lib.wizard.rules import check_together, read, shown
from cinematch_lib.wizard.token import EXPLAINED, TERMS, accepted_token, goes_before_dotenv

TRY = 500  # films, for a first look at what TMDb adds
_ASKED = {one.name for one in fields(Filters)} | {"services", "services_file", "region", "offers", "max_features"}


@dataclass
class Interview:
    """One person's, or one command line's, answers on the way to a plan."""

    asker: Prompter
    survey: Survey
    options: argparse.Namespace

    def __post_init__(self) -> None:
        self._everywhere = step_parameters(list(STEPS))
        self._known = step_parameters(steps_between(None, self.options.to))
        self._values = check_parameters(dict(self.options.p), self._known, self._everywhere, typed=True)
        if "dataset" in self._values:
            raise CineMatchError("dataset is not given with -p here; say --dataset NAME")
        self._given = set(self._values)
        check_together(self._all(self._values))

    def plan(self) -> Plan:
        """Ask what no flag says. Raises CineMatchError for flags that cannot be, KeyboardInterrupt for leaving."""
        page.heading("Which set-up?")
        page.rows([(f"{number}  {name}", words) for number, (name, words) in enumerate(MODES.items(), start=1)])
        mode = self.asker.choose("Set-up", MODES, default="quick", given=self.options.mode)
        choice = self._data_set(with_tmdb=mode == "full")
        self._plan = Plan(choice, self.options.to)
        {"quick": self._quick, "full": self._full, "custom": self._custom}[mode](choice)
        check_together(self._all(self._values), choice.name)
        self._plan.values = {
            name: value
            for name, value in self._values.items()
            if name in self._given or value != self._known[name].default
        }
        return self._plan

    # --- the three ways ----------------------------------------------------------------------------------

    def _quick(self, choice: Choice) -> None:
        if not choice.has_facts:
            self._values.setdefault("use_tmdb", False)

    def _full(self, choice: Choice) -> None:
        if self._values.get("use_tmdb") is False:
            raise CineMatchError("the full set-up takes TMDb's data; leave out use_tmdb, or say --mode quick")
        self._tmdb(choice)
        if "services" in self._known and (self._plan.asks_tmdb or self.survey.has_providers):
            self._values.setdefault("services", "tmdb")
            page.heading("Streaming offers of which country?")
            self._parameter("region")

    def _custom(self, choice: Choice) -> None:
        has_metadata = choice.has_facts or self._wants_tmdb(choice)
        page.heading("Which films, and what is known of them?")
        page.say("Lists go with commas between; none is an answer where there need not be any.")
        for name in [*step_parameters(["clean"]), *step_parameters(["features"])]:  # in the notebooks' order
            if name in _ASKED and name in self._known and self._applies(name, has_metadata):
                self._parameter(name)
        while (name := self._another()) is not None:
            self._parameter(name, again=True)

    def _applies(self, name: str, has_metadata: bool) -> bool:
        source = self._all(self._values)["services"]
        needs = {
            "require_tmdb": has_metadata,
            "services_file": source == "file",
            "region": source in ("tmdb", "file"),
            "offers": source == "tmdb",
        }
        return needs.get(name, True)

    # --- the data set ------------------------------------------------------------------------------------

    def _data_set(self, *, with_tmdb: bool) -> Choice:
        choices = {name: one for name, one in self.survey.choices.items() if not (with_tmdb and one.has_facts)}
        page.heading("Which data set?")
        _show_choices(choices)
        if with_tmdb:
            page.say(f"The {SAMPLE} is not among them: it brings facts of its own, so TMDb is not asked about it.")

        def taken(name: str) -> Choice:
            return self._usable(choices[chosen(name, choices)])

        default = next(name for name in (SAMPLE, "ml-latest-small") if name in choices)
        return self.asker.ask("Data set", taken, default=default, given=self.options.dataset)

    def _usable(self, choice: Choice) -> Choice:
        if choice.lacking:
            raise CineMatchError(
                f"{choice.name} lacks {' and '.join(choice.lacking)}; put what is missing there, remove the folder, or "
                "take another"
            )
        if choice.room > self.survey.free:
            raise CineMatchError(
                f"{choice.name} needs {choice.room / 1e9:.1f} GB while it is unpacked, and "
                f"{self.survey.free / 1e9:.1f} GB are free; free some or take another"
            )
        return choice

    # --- TMDb --------------------------------------------------------------------------------------------

    def _wants_tmdb(self, choice: Choice) -> bool:
        page.heading("TMDb's data too?")
        page.say("It adds overviews, casts, posters and streaming offers, and needs a free token.")
        given = self._values.get("use_tmdb")
        self._values["use_tmdb"] = self.asker.yes("Take TMDb's data?", default=False, given=given)
        if self._values["use_tmdb"]:
            self._tmdb(choice)
        return self._values["use_tmdb"]

    def _tmdb(self, choice: Choice) -> None:
        page.heading("TMDb")
        if self.survey.table_by_hand:
            page.say("The table of metadata that was put there by hand is used as it is, and TMDb is not asked.")
            return
        self._plan.asks_tmdb = True
        for paragraph in (EXPLAINED, TERMS):
            page.say(paragraph)
            print()
        of_its_own = goes_before_dotenv()
        self._plan.token = accepted_token(self.asker)
        if self._plan.token is not None:
            page.say(f"It is for this run only, unless it goes into {dotenv_path()}, which you alone can read then.")
            if of_its_own:
                page.say(f"But {TOKEN} is set in the environment too, and goes before the file: unset it there.")
            self._plan.keeps_token = self.asker.yes("Keep it there?", default=False, given=self.options.save_token)
        if "tmdb_limit" not in self._values:
            page.rows([("all", tmdb_time(choice, None)), (str(TRY), f"{tmdb_time(choice, TRY)}; a good first try")])
            page.say(
                "Fewer than all are the most rated ones. Each answer is stored at once: what is interrupted goes on "
                "where it stopped, and nothing is asked for twice."
            )
            self._values["tmdb_limit"] = self.asker.ask("How many films, or all", self._limit, default=str(TRY))

    def _limit(self, text: str) -> int | None:
        limit = read(self._known["tmdb_limit"], "none" if text.casefold() == "all" else text)
        if limit == 0:
            raise CineMatchError("ask for one film at least, or say all")
        check_together(self._all({"tmdb_limit": limit}))
        return limit

    # --- parameters --------------------------------------------------------------------------------------

    def _all(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: one.default for name, one in self._everywhere.items()} | dict(values)

    def _parameter(self, name: str, *, again: bool = False) -> None:
        if name in self._values and not again:
            return
        parameter = self._known[name]
        value = self._values.get(name, parameter.default)
        print()
        page.say(f"{name}: {parameter.description}" if parameter.description else name)
        self._values[name] = self.asker.ask(name, lambda text: self._fits(parameter, text), default=shown(value))

    def _fits(self, parameter: Parameter, text: str) -> Any:
        value = read(parameter, text)
        together = self._all(self._values | {parameter.name: value})
        if not (parameter.name == "services" and value == "file"):  # its file is asked for next
            check_together(together, self._plan.choice.name)
        return value

    def _another(self) -> str | None:
        """The name of a parameter that the person wants to set."""
        print()
        question = "Another parameter to set (? lists them)"
        while (name := self.asker.ask(question, self._name, default="", shown="none")) == "?":
            current = self._all(self._values)
            page.rows([(n, f"{one.description} [{shown(current[n])}]") for n, one in self._settable().items()])
        return name or None

    def _name(self, text: str) -> str:
        if text not in ("", "?", *self._settable()):
            raise UnknownNameError(f"there is no parameter {text!r} to set", close_names(text, self._settable()))
        return text

    def _settable(self) -> dict[str, Parameter]:
        return {name: one for name, one in self._known.items() if name not in ("dataset", "use_tmdb", "tmdb_limit")}


def _show_choices(choices: Mapping[str, Choice]) -> None:
    """The data sets in columns."""
    table = [("", "", "films", "ratings", "download", "pipeline")]
    for number, one in enumerate(choices.values(), start=1):
        sizes = ["?" if size is None else f"{size:,}" for size in (one.films, one.ratings)]
        download = f"{one.megabytes} MB" if one.megabytes else "none"
        table.append((str(number), one.name, *sizes, download, pipeline_time(one)))
    wide = max(len(row[1]) for row in table)
    for number, name, films, ratings, download, time in table:
        print(f"{number:>3}  {name:<{wide}} {films:>7} {ratings:>11} {download:>9}  {time}".rstrip())
    page.say("Times are without the download. Here: the quickest so far; about: an estimate for 2 cores.")
