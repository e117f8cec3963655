// A JupyterLab extension without a build step: the analyst's page is run when it is opened, other notebooks are not.
// JupyterLab finds what `window._JUPYTERLAB` holds under the extension's name
// (https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html, prebuilt extensions).

const name = "cinematch-run-on-open";
const PAGE = "explore.ipynb"; // `make lab` makes its folder the root

const plugin = {
  id: `${name}:plugin`,
  autoStart: true,
  activate: (app) => {
    const met = new WeakSet();
    const look = async () => {
      const opened = app.shell.currentWidget;
      if (opened?.context?.path !== PAGE || !opened.sessionContext || met.has(opened)) return;
      await Promise.all([opened.context.ready, opened.sessionContext.ready]);
      if (app.shell.currentWidget !== opened || met.has(opened)) return; // when it is in front again, it is looked at again
      met.add(opened);
      await app.commands.execute("notebook:run-all-cells");
      opened.content.activeCellIndex = 0; // it left off at the end
      await opened.content.scrollToItem(0);
      opened.context.model.dirty = false; // or what it shows would be saved into the notebook
    };
    app.restored.then(() => {
      app.shell.currentChanged.connect(look);
      return look();
    });
  },
};

window._JUPYTERLAB = window._JUPYTERLAB ?? {};
window._JUPYTERLAB[name] = { init: () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
