"""Keeping settings: as parameters in a file, or as a run that is made at once."""

from collections.abc import Callable

import ipywidgets as widgets

from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.running import PipelineProcess, Progress
from cinematch_lib.explorer.settings import Settings, to_yaml
from cinematch_lib.pipeline.runner import Folders, steps_between
from cinematch_lib.storage.paths import project_path

LEAST = "features"  # a run that can recommend needs the steps up to this one


class Saving:
    """Where to save, the buttons to save and to run, and how far a run is; `widget` is what to show."""

    def __init__(self, get: Callable[[], Settings], folders: Folders, made: Callable[[], str]) -> None:
        """`get` gives the settings in force; `made` is called when a run is there, and says which is current."""
        self._get, self._folders, self._made = get, folders, made
        self._process: PipelineProcess | None = None
        self._path = widgets.Text(value=str(project_path("params.yaml")), continuous_update=True)
        save = widgets.Button(description="Save as parameters")
        save.on_click(lambda _: self.save())
        self._run = widgets.Button(description="Run the pipeline", button_style="primary")
        self._run.on_click(lambda _: self.run())
        self._stop = widgets.Button(description="Stop", disabled=True)
        self._stop.on_click(lambda _: self.stop())
        steps = steps_between(LEAST, None)
        self._last = widgets.Dropdown(options=steps, value=steps[-1])
        self._last.layout.width = "auto"
        up_to = widgets.HTML(markup.block(markup.hint("up to the step")))
        buttons = widgets.HBox([save, self._run, up_to, self._last, self._stop])
        buttons.add_class("cm-actions")
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", display="none"))
        self._said, self._preview = widgets.HTML(), widgets.HTML()
        label = widgets.HTML(markup.block(markup.heading("Save to")))
        self.widget = widgets.VBox([label, self._path, buttons, self._bar, self._said, self._preview])

    def show(self) -> None:
        """Show the parameters as they would be saved."""
        lines = markup.escape(to_yaml(self._get().parameters()).strip())
        self._preview.value = markup.block(f'{markup.heading("The parameters")}<div class="cm-log">{lines}</div>')

    def save(self) -> None:
        """Write the parameters where the person says."""
        path = project_path(self._path.value.strip())
        try:
            self._get().save(path)
        except CineMatchError as error:
            self._say(str(error), "bad")
        else:
            self._say(f"Saved. Run it any time: cinematch run -f {path}", "good")

    def run(self) -> None:
        """Start the pipeline with the settings in force, and show how far it is."""
        try:
            self._process = PipelineProcess(self._get(), self._folders, self._going, self._ended, self._last.value)
        except CineMatchError as error:
            self._say(str(error), "bad")
            return
        self._bar.value, self._bar.layout.display = 0, ""
        self._run.disabled, self._stop.disabled = True, False
        self._say("The pipeline is starting …")

    def stop(self) -> None:
        """End the run that is being made, if there is one."""
        if self._process is not None:
            self._process.stop()

    def wait(self) -> None:
        """Until no run is being made."""
        if self._process is not None:
            self._process.wait()

    def _going(self, progress: Progress) -> None:
        self._bar.max, self._bar.value = progress.of, progress.done
        self._say(f"Step {min(progress.done + 1, progress.of)} of {progress.of}: {progress.said}")

    def _ended(self, problem: str | None) -> None:
        if problem is None:
            self._say(f"Done: {self._made()}", "good")
        else:
            self._say(f"The run failed, and the current run does not change: {problem}", "bad")
        self._bar.layout.display = "none"
        self._run.disabled, self._stop.disabled = False, True

    def _say(self, text: str, kind: str = "") -> None:
        self._said.value = markup.block(markup.notice(text, kind))
