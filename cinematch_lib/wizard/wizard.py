"""The guided set-up, from the state of the project to a run that recommends."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

from cinematch_lib.artifacts.runs import current_run_id
from cinematch_lib.data.tmdb.settings import access, keep_token
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.notebooks import steps_between
from cinematch_lib.wizard import terminal
from cinematch_lib.wizard.inspect import Survey, inspect
from cinematch_lib.wizard.interview import Interview
from cinematch_lib.wizard.plan import folder_flags
from cinematch_lib.wizard.prompts import Prompter


def guided_setup(options: argparse.Namespace, run_command: Callable[[Sequence[str]], None]) -> None:
    """Ask, show the plan, run it, verify the result, and offer the server.

    `run_command` executes another command of ``cinematch``, given its words. Nothing is written before the question
    whether to run is answered by yes. Raises CineMatchError, and KeyboardInterrupt for leaving at a question.
    """
    folders = Folders(options.raw_dir, options.data_dir, options.artifacts_dir)
    prompter = Prompter(options.yes)
    survey = inspect(folders, steps_between(None, options.to))
    _show(survey, folders)
    plan = Interview(prompter, survey, options).plan()
    plan.show(folders, survey.free)
    if not prompter.confirm("Run it now?", default=True):
        terminal.say("Nothing was run and nothing was changed. The command above makes this run at any time.")
        return
    if plan.token is not None and plan.stores_token:
        terminal.say(f"The token is in {keep_token(plan.token)} now.")
    run_command([*plan.command(folders), "--use"])  # who was asked has confirmed it
    run_id = current_run_id(folders.artifacts_dir)
    if run_id is None or run_id == survey.current:
        return  # no features to recommend from; the command has told so
    artifacts = folder_flags(folders, ("artifacts",))
    terminal.heading(f"Check of {run_id}")
    terminal.say("Its first recommendation for a new user:")
    run_command(["recommend", "-k", "1", *artifacts])
    terminal.say("The run works: its files are complete, and it recommends.")
    terminal.heading("Server")
    terminal.say("It serves recommendations to browsers and programs on this computer, until Ctrl-C:")
    terminal.command(shlex.join(["cinematch", "serve", *artifacts]))
    prompter.on_leaving = f"left at a question; the current run is {run_id}"
    if prompter.confirm("Start it now?", default=not options.yes, given=options.serve):
        run_command(["serve", *artifacts])


def _show(survey: Survey, folders: Folders) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    sets = [f"{one.name}{' (incomplete)' if one.missing else ''}" for one in survey.data_sets.values() if one.exists]
    terminal.rows(
        [
            ("version", f"cinematch-lib {metadata.version('cinematch-lib')} on Python {version}"),
            ("disk", f"{survey.free / 1e9:.1f} GB free for {folders.raw_dir}/"),
            ("data sets", f"the sample, in the package; {', '.join(sets) or 'none'} in {folders.raw_dir}/"),
            ("TMDb", _tmdb(survey)),
            ("runs", _runs(survey, folders)),
        ]
    )


def _tmdb(survey: Survey) -> str:
    try:
        token = "no token is set" if access() is None else "a token is set"
    except CineMatchError:  # an invalid one; the question for the token explains it
        token = "no token is set"
    if survey.stored is not None:
        return f"{token}; responses for {survey.stored:,} films are stored"
    return f"{token}; {'a table of your own' if survey.has_own_table else 'no responses are stored'}"


def _runs(survey: Survey, folders: Folders) -> str:
    if not survey.runs and not survey.unreadable_runs:
        return f"none in {folders.artifacts_dir}/"
    unreadable = f", and {survey.unreadable_runs} that cannot be read" if survey.unreadable_runs else ""
    dataset = next((run.dataset for run in survey.runs if run.run_id == survey.current), None)
    current = f"{survey.current} ({dataset}) is the current run" if dataset else "there is no current run"
    return f"{len(survey.runs)} in {folders.artifacts_dir}/{unreadable}; {current}"
