"""The guided set-up from the first look round to a run that was seen to work."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence

from cinematch_lib.artifacts.runs import current_run_id
from cinematch_lib.data.tmdb.settings import access, keep_token
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.notebooks import steps_between
from cinematch_lib.pipeline.runner import Folders
from cinematch_lib.wizard import terminal as page
from cinematch_lib.wizard.inspect import Survey, look
from cinematch_lib.wizard.interview import Interview
from cinematch_lib.wizard.plan import folder_flags, show
from cinematch_lib.wizard.prompts import Prompter


def guided_setup(options: argparse.Namespace, perform: Callable[[Sequence[str]], None], packages: int) -> None:
    """Ask, show, run, verify, and offer the server.

    `perform` executes another command of ``cinematch``, given its words; `packages` are so many as were found.
    Until the question whether to run is answered by yes, nothing is written. Raises CineMatchError, and
    KeyboardInterrupt where somebody leaves at a question.
    """
    folders = Folders(options.raw_dir, options.data_dir, options.artifacts_dir)
    asker = Prompter(options.yes)
    survey = look(folders, steps_between(None, options.to))
    _show_what_is_there(survey, folders, packages)
    plan = Interview(asker, survey, options).plan()
    show(plan, survey, folders)
    if not asker.yes("Run it now?", default=True):
        page.say("Nothing was run and nothing was changed. The command above makes this run at any time.")
        return
    if plan.token is not None and plan.keeps_token:
        page.say(f"The token is in {keep_token(plan.token)} now.")
    perform(plan.command(folders))
    run_id = current_run_id(folders.artifacts_dir)
    if run_id is None or run_id == survey.current:
        return  # the run went no further than to a step that leaves nothing to recommend from, and said so
    _verify(run_id, folders, perform)
    _offer_server(run_id, asker, options, folders, perform)


def _show_what_is_there(survey: Survey, folders: Folders, packages: int) -> None:
    page.heading("What is there")
    version = ".".join(map(str, sys.version_info[:3]))
    page.rows(
        [
            ("packages", f"all {packages} that are needed, on Python {version}"),
            ("disk", f"{survey.free / 1e9:.1f} GB free for {folders.raw_dir}/"),
            ("data sets", _data_sets(survey, folders)),
            ("TMDb", _tmdb(survey)),
            ("runs", _runs(survey, folders)),
        ]
    )


def _data_sets(survey: Survey, folders: Folders) -> str:
    there = [f"{one.name}{' (incomplete)' if one.lacking else ''}" for one in survey.choices.values() if one.there]
    return f"the sample, in the package; {', '.join(there) or 'none'} in {folders.raw_dir}/"


def _tmdb(survey: Survey) -> str:
    token = "a token is set" if _has_token() else "no token is set"
    if survey.stored is not None:
        return f"{token}; answers about {survey.stored:,} films are stored"
    return f"{token}; {'a table put there by hand' if survey.table_by_hand else 'nothing is stored'}"


def _has_token() -> bool:
    try:
        return access() is not None
    except CineMatchError:  # it cannot be one; said where it is needed
        return False


def _runs(survey: Survey, folders: Folders) -> str:
    if not survey.runs and not survey.broken_runs:
        return f"none in {folders.artifacts_dir}/"
    broken = f", and {survey.broken_runs} that cannot be read" if survey.broken_runs else ""
    of = next((run.dataset for run in survey.runs if run.run_id == survey.current), None)
    in_use = f"{survey.current} ({of}) is the current run" if of else "there is no current run"
    return f"{len(survey.runs)} in {folders.artifacts_dir}/{broken}; {in_use}"


def _verify(run_id: str, folders: Folders, perform: Callable[[Sequence[str]], None]) -> None:
    """Load the run as everybody does, which checks its files, and have it recommend."""
    page.heading(f"Does {run_id} work?")
    page.say("Its first recommendation for somebody of whom nothing is known:")
    perform(["recommend", "-k", "1", *folder_flags(folders, ("artifacts",))])
    page.say("It does: its files are whole, and it recommends.")


def _offer_server(
    run_id: str,
    asker: Prompter,
    options: argparse.Namespace,
    folders: Folders,
    perform: Callable[[Sequence[str]], None],
) -> None:
    words = ["serve", *folder_flags(folders, ("artifacts",))]
    page.heading("The server")
    page.say("It gives recommendations to a browser and to programs, on this computer alone, until Ctrl-C:")
    page.command(shlex.join(["cinematch", *words]))
    asker.on_leaving = f"left at a question; the current run is {run_id}"
    if asker.yes("Start it now?", default=not options.yes, given=options.serve):
        perform(words)
