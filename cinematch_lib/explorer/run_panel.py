"""The panel that saves the settings as a parameter file or runs the pipeline with them."""

from collections.abc import Callable

import ipywidgets as widgets

from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.pipeline_process import PipelineProcess, Progress
from cinematch_lib.explorer.settings import Settings, to_yaml
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.notebooks import steps_between

_FIRST_LAST_STEP = "features"  # a run that can recommend needs at least the steps up to this one


class RunPanel:
    """A path, buttons to save and to run, and the progress of a run; `widget` shows them."""

    def __init__(self, settings: Callable[[], Settings], folders: Folders, on_run: Callable[[], str]) -> None:
        """`settings` returns the present settings; `on_run` is called after a run and returns a message about it."""
        self._settings, self._folders, self._on_run = settings, folders, on_run
        self._process: PipelineProcess | None = None
        self._is_stopped = False
        self._project = folders.artifacts_dir.resolve().parent  # the kernel may work in another folder
        path = str(self._project / "params.yaml")
        self._path = widgets.Text(path, placeholder="Parameter file", continuous_update=True)
        save = widgets.Button(description="Save parameters")
        save.on_click(lambda _: self.save())
        self._run = widgets.Button(description="Run the pipeline", button_style="primary")
        self._run.on_click(lambda _: self.run())
        self._stop = widgets.Button(description="Stop", disabled=True)
        self._stop.on_click(lambda _: self.stop())
        steps = steps_between(_FIRST_LAST_STEP, None)
        self._last = widgets.Dropdown(options=steps, value=steps[-1], tooltip="The last step of the run")
        self._last.layout.width = "auto"
        up_to = widgets.HTML(markup.block(markup.hint("up to the step")))
        buttons = widgets.HBox([save, self._run, up_to, self._last, self._stop]).add_class("cm-actions")
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", display="none"))
        self._message, self._preview = widgets.HTML(), widgets.HTML()
        label = widgets.HTML(markup.block(markup.heading("Parameter file")))
        self.widget = widgets.VBox([label, self._path, buttons, self._bar, self._message, self._preview])

    def show(self) -> None:
        """Show the parameters as they would be saved."""
        lines = markup.escape(to_yaml(self._settings().parameters()).strip())
        self._preview.value = markup.block(f'{markup.heading("Parameters")}<div class="cm-log">{lines}</div>')

    def save(self) -> None:
        """Write the parameters to the path in the text field."""
        path = self._project / self._path.value.strip()
        try:
            self._settings().save(path)
        except CineMatchError as error:
            self._show_message(str(error), "bad")
        else:
            self._show_message(f"Saved. To run it: cinematch run -f {path}", "good")

    def run(self) -> None:
        """Start the pipeline with the present settings and show its progress."""
        try:
            callbacks = self._show_progress, self._finish
            self._process = PipelineProcess(self._settings(), self._folders, *callbacks, last=self._last.value)
        except CineMatchError as error:
            self._show_message(str(error), "bad")
            return
        self._is_stopped = False
        self._bar.value, self._bar.layout.display = 0, ""
        self._run.disabled, self._stop.disabled = True, False
        self._show_message("The pipeline is starting …")

    def stop(self) -> None:
        """Stop the pipeline if it is running."""
        if self._process is not None:
            self._is_stopped = True
            self._process.stop()

    def wait(self) -> None:
        """Wait until the pipeline has ended."""
        if self._process is not None:
            self._process.wait()

    def _show_progress(self, progress: Progress) -> None:
        self._bar.max, self._bar.value = progress.total, progress.done
        step = min(progress.done + 1, progress.total)
        self._show_message(f"Step {step} of {progress.total}: {progress.message}")

    def _finish(self, problem: str | None) -> None:
        if problem is None:
            self._show_message(f"Done: {self._on_run()}", "good")
        elif self._is_stopped:
            self._show_message("Stopped. The current run does not change.")
        else:
            self._show_message(f"The pipeline failed, and the current run does not change: {problem}", "bad")
        self._bar.layout.display = "none"
        self._run.disabled, self._stop.disabled = False, True

    def _show_message(self, text: str, kind: str = "") -> None:
        self._message.value = markup.block(markup.notice(text, kind))
