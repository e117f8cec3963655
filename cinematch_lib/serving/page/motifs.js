// Palettes and motifs of the generated posters. A motif is a function of a pen, a random number generator, two colours
// and the background colour; it draws on an area of 200 by 196 above the title.

// Background, two motif colours, title colour; the title has a contrast of at least 7 on the background.
export const PALETTES = [
  ["#1d2b3a", "#e0a458", "#5f8ca3", "#f6ead7"],
  ["#efe3cd", "#b5382a", "#28394a", "#251d18"],
  ["#2b1a24", "#d95d5b", "#f0c38e", "#fbe9dc"],
  ["#e9d8b4", "#1f5f5b", "#d9822b", "#1c2622"],
  ["#12302e", "#e7b74c", "#67a08f", "#f1ecd9"],
  ["#e6e2da", "#23395b", "#c8553d", "#1d1f26"],
  ["#3a1616", "#e58f3a", "#b23a2f", "#fbe6cc"],
  ["#dfe4dc", "#3d5a45", "#c49a2f", "#1d251f"],
  ["#241f38", "#a78bd0", "#e8a598", "#efe8f8"],
  ["#f0dcd0", "#7a2e4d", "#e0873f", "#2b1620"],
];
const NIGHT = [0, 2, 4, 8];
const DUST = [1, 3, 6, 9];
const ANY = PALETTES.map((_, at) => at);

// The motifs and palettes of each genre.
export const MOTIFS = {
  action: [[rays, chevrons], [1, 3, 6]],
  adventure: [[mountains, rays], [0, 3, 4, 9]],
  animation: [[balls, blocks], ANY],
  children: [[blocks, balls], [1, 3, 5, 7, 9]],
  comedy: [[sunburst, balls], [1, 3, 5, 9]],
  crime: [[blinds, target, door], [0, 1, 2, 5]],
  documentary: [[lens], [1, 5, 7]],
  drama: [[horizon, steps, halves], ANY],
  fantasy: [[moon], NIGHT],
  "film-noir": [[blinds, door], NIGHT],
  history: [[columns], DUST],
  horror: [[teeth], [2, 6, 8]],
  musical: [[bars], ANY],
  mystery: [[door, spiral], NIGHT],
  romance: [[pair, halves], [2, 6, 9]],
  "sci-fi": [[planet, target], NIGHT],
  thriller: [[spiral, target, steps], ANY],
  war: [[chevrons], [4, 6, 7]],
  western: [[desert], DUST],
};

const between = (random, low, high) => low + random() * (high - low);

function blinds(draw, random, first, second) {
  const skew = between(random, -26, 26);
  draw("circle", { cx: between(random, 60, 140), cy: 92, r: between(random, 44, 62), fill: first });
  for (let y = 14; y < 190; y += 22) {
    draw("path", { d: `M0 ${y} L200 ${y + skew} v9 L0 ${y + 9} Z`, fill: second, opacity: 0.9 });
  }
}

function teeth(draw, random, first, second) {
  const count = Math.floor(between(random, 4, 8));
  const width = 200 / count;
  draw("circle", { cx: 100, cy: 100, r: 58, fill: second });
  for (let at = 0; at < count; at += 1) {
    const x = at * width;
    draw("path", { d: `M${x} 0 h${width} l${-width / 2} ${between(random, 70, 125)} Z`, fill: first });
    draw("path", { d: `M${x} 200 h${width} l${-width / 2} ${-between(random, 30, 75)} Z`, fill: first });
  }
}

function planet(draw, random, first, second, ground) {
  for (let at = 0; at < 26; at += 1) {
    draw("circle", { cx: random() * 200, cy: random() * 190, r: between(random, 0.6, 1.8), fill: second });
  }
  const x = between(random, 70, 130);
  const radius = between(random, 36, 54);
  draw("circle", { cx: x, cy: 104, r: radius, fill: first });
  draw("circle", { cx: x + radius * 0.32, cy: 104 - radius * 0.22, r: radius * 0.96, fill: ground, opacity: 0.28 });
  const turn = `rotate(${between(random, -28, 28)} ${x} 104)`;
  draw("ellipse", {
    cx: x, cy: 104, rx: radius * 1.65, ry: radius * 0.36, transform: turn,
    fill: "none", stroke: second, "stroke-width": 5,
  });
}

function desert(draw, random, first, second) {
  const [x, y, r] = [between(random, 55, 145), between(random, 70, 105), between(random, 34, 48)];
  draw("circle", { cx: x, cy: y, r, fill: first });
  const left = between(random, 10, 60);
  draw("path", { d: `M${left} 196 v-52 l10 -8 h42 l8 10 v50 Z M${left + 84} 196 v-30 h34 l6 8 v22 Z`, fill: second });
  draw("rect", { y: 178, width: 200, height: 20, fill: second });
}

function balls(draw, random, first, second, ground) {
  const step = between(random, 44, 58);
  for (let at = 0; at < 4; at += 1) {
    const size = 30 - at * 5;
    draw("circle", { cx: 34 + at * step, cy: at % 2 ? 70 : 128, r: size, fill: at % 2 ? second : first });
    draw("circle", { cx: 40 + at * step, cy: (at % 2 ? 70 : 128) - size * 0.35, r: size * 0.22, fill: ground });
  }
}

function blocks(draw, random, first, second) {
  for (let row = 0; row < 4; row += 1) {
    for (let column = 0; column < 4; column += 1) {
      const fill = random() < 0.5 ? first : second;
      const [x, y] = [12 + column * 44, 12 + row * 44];
      const kind = random();
      if (kind < 0.35) draw("circle", { cx: x + 22, cy: y + 22, r: 20, fill });
      else if (kind < 0.65) draw("rect", { x: x + 2, y: y + 2, width: 40, height: 40, fill });
      else if (kind < 0.9) draw("path", { d: `M${x + 2} ${y + 42} h40 a40 40 0 0 0 -40 -40 Z`, fill });
    }
  }
}

function bars(draw, random, first, second) {
  for (let at = 0; at < 9; at += 1) {
    const height = between(random, 30, 170);
    draw("rect", { x: 13 + at * 20, y: 105 - height / 2, width: 13, height, rx: 6.5, fill: at % 3 ? first : second });
  }
}

function chevrons(draw, random, first, second) {
  const drop = between(random, 26, 60);
  for (let at = 0; at < 5; at += 1) {
    const y = 10 + at * 36;
    const d = `M0 ${y + drop} L100 ${y} L200 ${y + drop} v16 L100 ${y + 16} L0 ${y + drop + 16} Z`;
    draw("path", { d, fill: at % 2 ? second : first });
  }
}

function moon(draw, random, first, second, ground) {
  const x = between(random, 80, 120);
  draw("circle", { cx: x, cy: 88, r: 52, fill: first });
  draw("circle", { cx: x + between(random, 18, 34), cy: 76, r: 46, fill: ground });
  for (let at = 0; at < 7; at += 1) {
    const [cx, cy, size] = [random() * 190 + 5, random() * 120 + 8, between(random, 4, 9)];
    const [far, near] = [size * 0.75, size * 0.25];
    const right = `l${near} ${far} l${far} ${near} l${-far} ${near} l${-near} ${far}`;
    const left = `l${-near} ${-far} l${-far} ${-near} l${far} ${-near}`;
    draw("path", { d: `M${cx} ${cy - size} ${right} ${left} Z`, fill: second });
  }
  draw("path", { d: "M0 196 Q50 140 100 176 T200 160 V196 Z", fill: second, opacity: 0.55 });
}

function door(draw, random, first, second) {
  const x = between(random, 66, 100);
  draw("path", { d: `M${x} 150 h36 l50 50 h-136 Z`, fill: second, opacity: 0.6 });
  draw("rect", { x, y: 34, width: 36, height: 118, fill: first });
  draw("path", { d: `M${x + 18} 96 m-5 0 a5 5 0 1 1 10 0 l3 20 h-16 Z`, fill: second });
}

function lens(draw, random, first, second, ground) {
  const x = between(random, 84, 116);
  [78, 62, 46, 30].forEach((r, at) => draw("circle", { cx: x, cy: 102, r, fill: [first, ground, second, ground][at] }));
  draw("circle", { cx: x, cy: 102, r: 14, fill: first });
}

function pair(draw, random, first, second) {
  const apart = between(random, 26, 40);
  const turn = `rotate(${between(random, -35, 35)} 100 100)`;
  draw("circle", { cx: 100 - apart, cy: 100, r: 54, fill: first, transform: turn });
  draw("circle", { cx: 100 + apart, cy: 100, r: 54, fill: second, opacity: 0.82, transform: turn });
}

function spiral(draw, random, first, second) {
  const start = random() * 6.28;
  const points = Array.from({ length: 131 }, (_, at) => {
    const [angle, radius] = [start + at / 7, 2 + at * 0.66];
    return `${(100 + radius * Math.cos(angle)).toFixed(1)} ${(100 + radius * Math.sin(angle)).toFixed(1)}`;
  });
  const line = { fill: "none", stroke: first, "stroke-width": 7, "stroke-linecap": "round" };
  draw("path", { d: `M${points.join(" L")}`, ...line });
  draw("circle", { cx: 100, cy: 100, r: 9, fill: second });
}

function mountains(draw, random, first, second) {
  draw("circle", { cx: between(random, 40, 160), cy: 62, r: 26, fill: first });
  const peak = between(random, 60, 120);
  draw("path", { d: `M-20 196 L${peak} 70 L${peak + 110} 196 Z`, fill: second });
  draw("path", { d: `M${peak - 20} 196 L${peak + 70} 110 L240 196 Z`, fill: first, opacity: 0.9 });
}

function rays(draw, random, first, second) {
  const [x, y] = [between(random, 20, 60), between(random, 150, 190)];
  for (let at = 0; at < 6; at += 1) {
    const angle = -1.5 + at * 0.3;
    const [ax, ay] = [x + 320 * Math.cos(angle), y + 320 * Math.sin(angle)];
    const [bx, by] = [x + 320 * Math.cos(angle + 0.16), y + 320 * Math.sin(angle + 0.16)];
    draw("path", { d: `M${x} ${y} L${ax} ${ay} L${bx} ${by} Z`, fill: at % 2 ? second : first });
  }
  draw("circle", { cx: x, cy: y, r: 20, fill: first });
}

function sunburst(draw, random, first, second) {
  const count = 2 * Math.floor(between(random, 6, 10));
  for (let at = 0; at < count; at += 1) {
    const [one, two] = [(at * 6.2832) / count, ((at + 0.5) * 6.2832) / count];
    const end = (angle) => `L${100 + 240 * Math.cos(angle)} ${102 + 240 * Math.sin(angle)}`;
    draw("path", { d: `M100 102 ${end(one)} ${end(two)} Z`, fill: second, opacity: 0.75 });
  }
  draw("circle", { cx: 100, cy: 102, r: between(random, 36, 50), fill: first });
}

function columns(draw, random, first, second) {
  const count = Math.floor(between(random, 4, 7));
  const width = 150 / count;
  draw("path", { d: "M100 26 L184 66 H16 Z", fill: first });
  for (let at = 0; at < count; at += 1) {
    const x = 25 + at * width + width * 0.2;
    draw("rect", { x, y: 76, width: width * 0.6, height: 104, fill: at % 2 ? second : first });
  }
  draw("rect", { x: 16, y: 184, width: 168, height: 12, fill: first });
}

function horizon(draw, random, first, second) {
  const [x, y, radius] = [between(random, 60, 140), between(random, 96, 132), between(random, 40, 62)];
  draw("circle", { cx: x, cy: y, r: radius, fill: first });
  for (let at = 0; at < 5; at += 1) {
    draw("rect", { y: y + 8 + at * 16, width: 200, height: 4 + at * 3, fill: second });
  }
}

function target(draw, random, first, second, ground) {
  const [x, y] = [between(random, 70, 130), between(random, 80, 116)];
  [88, 66, 44, 22].forEach((r, at) => draw("circle", { cx: x, cy: y, r, fill: at % 2 ? ground : at ? second : first }));
  draw("rect", { x: x - 1.5, width: 3, height: 196, fill: ground });
  draw("rect", { y: y - 1.5, width: 200, height: 3, fill: ground });
}

function steps(draw, random, first, second) {
  const rising = random() < 0.5 ? "" : "translate(200 0) scale(-1 1)";
  draw("circle", { cx: 62, cy: 62, r: between(random, 26, 38), fill: second, transform: rising });
  for (let at = 0; at < 6; at += 1) {
    const step = { x: at * 34, y: 176 - at * 29, width: 34, height: 20 + at * 29 };
    draw("rect", { ...step, fill: first, opacity: 1 - at * 0.09, transform: rising });
  }
}

function halves(draw, random, first, second) {
  const slip = between(random, 12, 40);
  const turn = `rotate(${between(random, -40, 40)} 100 100)`;
  draw("path", { d: `M100 ${44 - slip / 2} a56 56 0 0 0 0 112 Z`, fill: first, transform: turn });
  draw("path", { d: `M104 ${44 + slip / 2} a56 56 0 0 1 0 112 Z`, fill: second, transform: turn });
}
