// Pictures of seals: drawn from a name, or taken from a file.
import type { SealKind } from "../api/people.js";
import { toText } from "../wire/base64url.js";
import { picture } from "./attach.js";
import { Refused } from "./refused.js";

const DOTS = 12; // pixels a millimetre, about 300 an inch
const MOST = 295_000; // bytes of a picture that the service takes
const SIDE = 960; // pixels of one that is imported
const RED = "#d7000f";
const FONT = '"Songti SC", "Noto Serif SC", "Noto Serif CJK SC", SimSun, "Noto Sans SC", "Noto Sans CJK SC", serif';

export interface Design {
  kind: SealKind;
  name: string; // of the organisation or the person
  label: string; // below the star; empty for none
}

export interface Picture {
  width: number; // millimetres
  height: number;
  png: string;
}

// Sizes in millimetres that seals of a kind usually have. An oval is for invoices and finance, a square for persons.
function size(kind: SealKind): [width: number, height: number] {
  switch (kind) {
    case "finance":
      return [45, 30];
    case "legal_person":
      return [20, 20];
    case "personal":
      return [40, 18];
    default:
      return [40, 40];
  }
}

export async function drawSeal(d: Design): Promise<Picture> {
  const [width, height] = size(d.kind);
  const canvas = document.createElement("canvas");
  canvas.width = width * DOTS;
  canvas.height = height * DOTS;
  const c = canvas.getContext("2d")!;
  c.fillStyle = c.strokeStyle = RED;
  c.textAlign = "center";
  c.textBaseline = "middle";
  if (d.kind === "personal") handwritten(c, d.name);
  else if (d.kind === "legal_person") square(c, d.name);
  else round(c, d);
  return { width, height, png: await png(canvas) };
}

// The name along the upper arc, a star (on round seals) and what the seal is for.
function round(c: CanvasRenderingContext2D, d: Design): void {
  const { width: w, height: h } = c.canvas;
  const line = 1.2 * DOTS;
  const [rx, ry] = [w / 2 - line, h / 2 - line];
  const oval = w !== h;
  c.lineWidth = line;
  c.beginPath();
  c.ellipse(w / 2, h / 2, rx, ry, 0, 0, 2 * Math.PI);
  c.stroke();
  const name = [...d.name];
  // Long names are written smaller and further round.
  const em = Math.min((oval ? 4.2 : 5.2) * DOTS, (1.55 * Math.PI * ((rx + ry) / 2 - 4 * DOTS)) / Math.max(name.length, 1));
  const [ax, ay] = [rx - 0.9 * line - 0.6 * em, ry - 0.9 * line - 0.6 * em];
  const places = along(ax, ay, Math.min(1.55 * Math.PI, (name.length * em * 1.18) / ((ax + ay) / 2)), name.length);
  c.font = `${em}px ${FONT}`;
  name.forEach((letter, i) => {
    const a = places[i]!;
    c.save();
    c.translate(w / 2 + ax * Math.cos(a), h / 2 + ay * Math.sin(a));
    // Letters stand on the arc: their feet point where its normal does.
    c.rotate(Math.atan2(Math.sin(a) / ay, Math.cos(a) / ax) + Math.PI / 2);
    c.scale(0.86, 1);
    c.fillText(letter, 0, 0);
    c.restore();
  });
  if (!oval) star(c, w / 2, h / 2, 6.4 * DOTS);
  if (d.label) {
    c.font = `${(oval ? 3.6 : 3.9) * DOTS}px ${FONT}`;
    c.fillText(d.label, w / 2, h / 2 + (oval ? 0.25 * h : 10.4 * DOTS), w * 0.56);
  }
}

// Angles of n places over the top of an ellipse that are equally far from one another.
function along(rx: number, ry: number, sweep: number, n: number): number[] {
  if (n === 1) return [-Math.PI / 2];
  const STEPS = 400;
  const from = -Math.PI / 2 - sweep / 2;
  const lengths = [0];
  for (let i = 1; i <= STEPS; i++) {
    const a = from + (sweep * (i - 0.5)) / STEPS;
    lengths.push(lengths[i - 1]! + Math.hypot(rx * Math.sin(a), ry * Math.cos(a)));
  }
  const angles: number[] = [];
  for (let k = 0, i = 0; k < n; k++) {
    while (i < STEPS && lengths[i]! < (lengths[STEPS]! * k) / (n - 1)) i++;
    angles.push(from + (sweep * i) / STEPS);
  }
  return angles;
}

function star(c: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  c.beginPath();
  for (let i = 0; i < 10; i++) {
    const a = -Math.PI / 2 + (i * Math.PI) / 5;
    const at = i % 2 === 0 ? r : r * 0.382;
    c.lineTo(x + at * Math.cos(a), y + at * Math.sin(a));
  }
  c.closePath();
  c.fill();
}

// Two columns, read from the right: a family name and a given name of one or two characters.
function square(c: CanvasRenderingContext2D, text: string): void {
  const { width: w, height: h } = c.canvas;
  const letters = [...text].slice(0, 8);
  const line = 0.9 * DOTS;
  c.lineWidth = line;
  c.strokeRect(line / 2, line / 2, w - line, h - line);
  const columns = letters.length === 1 ? 1 : letters.length <= 4 ? 2 : 3;
  const rows = Math.ceil(letters.length / columns);
  const [dx, dy] = [(w - 3 * line) / columns, (h - 3 * line) / rows];
  const em = Math.min(dx, dy) * 0.94;
  c.font = `600 ${em}px ${FONT}`;
  letters.forEach((letter, i) => {
    const [column, row] = [Math.floor(i / rows), i % rows];
    const there = Math.min(rows, letters.length - column * rows);
    c.save();
    c.translate(w - 1.5 * line - dx * (column + 0.5), 1.5 * line + ((h - 3 * line) / there) * (row + 0.5));
    c.scale(dx / em / 1.06, (h - 3 * line) / there / em / 1.06);
    c.fillText(letter, 0, 0);
    c.restore();
  });
}

function handwritten(c: CanvasRenderingContext2D, name: string): void {
  const { width: w, height: h } = c.canvas;
  c.fillStyle = "#1a1a1a";
  c.font = `${h * 0.72}px "Kaiti SC", "STKaiti", KaiTi, "AR PL UKai CN", ${FONT}`;
  c.fillText(name, w / 2, h / 2, w * 0.96);
}

// A picture from a file, as a PNG; white becomes nothing, as paper does under a seal.
export async function importSeal(file: File): Promise<Picture> {
  const image = await picture(file);
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const c = canvas.getContext("2d")!;
  c.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const dots = c.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < dots.data.length; i += 4) {
    if (Math.min(dots.data[i]!, dots.data[i + 1]!, dots.data[i + 2]!) > 235) dots.data[i + 3] = 0;
  }
  c.putImageData(dots, 0, 0);
  const widest = 40 / Math.max(canvas.width, canvas.height);
  const mm = (n: number): number => Math.max(5, Math.round(n * widest * 10) / 10);
  return { width: mm(canvas.width), height: mm(canvas.height), png: await png(canvas) };
}

async function png(canvas: HTMLCanvasElement): Promise<string> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob || blob.size > MOST) throw new Refused("file-large", { name: "PNG" });
  return toText(new Uint8Array(await blob.arrayBuffer()));
}
