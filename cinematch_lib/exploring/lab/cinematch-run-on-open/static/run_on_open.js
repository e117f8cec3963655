// A JupyterLab extension without a build step: a notebook whose metadata say {"cinematch": {"run_on_open": true}}
// is run when it is opened. JupyterLab finds what `window._JUPYTERLAB` holds under the extension's name
// (https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html, prebuilt extensions).

const name = "cinematch-run-on-open";

const plugin = {
  id: `${name}:plugin`,
  autoStart: true,
  activate: (app) => {
    const met = new WeakSet();
    const look = async () => {
      const opened = app.shell.currentWidget;
      if (!opened?.sessionContext || !opened.context || met.has(opened)) return;
      met.add(opened);
      await Promise.all([opened.context.ready, opened.sessionContext.ready]);
      const asks = opened.context.model.getMetadata?.("cinematch")?.run_on_open ?? false;
      if (!asks || app.shell.currentWidget !== opened) return;
      await app.commands.execute("notebook:run-all-cells");
      opened.content.activeCellIndex = 0; // it left off at the end
      await opened.content.scrollToItem(0);
    };
    app.restored.then(() => {
      app.shell.currentChanged.connect(look);
      return look();
    });
  },
};

window._JUPYTERLAB = window._JUPYTERLAB ?? {};
window._JUPYTERLAB[name] = { init: () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
