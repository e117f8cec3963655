// A button that asks the kernel for a file and lets the browser save it.
//
// `label` is its text; a press adds one to `pressed`; a custom message {name} with one buffer is the file.

function render({model, el}) {
  const button = document.createElement("button");
  Object.assign(button, {type: "button", className: "cm-small", textContent: model.get("label")});
  button.onclick = () => {
    model.set("pressed", model.get("pressed") + 1);
    model.save_changes();
  };
  model.on("msg:custom", (content, buffers) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]]));
    link.download = content.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  el.classList.add("cm");
  el.append(button);
}

export default {render};
