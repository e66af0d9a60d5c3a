// Builds the app into the folder that is named, dist if none is. The same sources give the same bytes, whatever the machine.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const out = process.argv[2] ?? "dist";
const icons = "../../../assets/icons/app";
const options = { bundle: true, minify: true, format: "esm", target: ["es2022", "safari16.4", "chrome109"], legalComments: "none", logLevel: "warning", charset: "utf8" };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({ ...options, entryPoints: { app: "src/main.tsx" }, outdir: out, jsx: "automatic", jsxImportSource: "preact", loader: { ".svg": "text" } });
await build({ ...options, entryPoints: { app: "src/style/app.css" }, outdir: out });
for (const [from, to] of [
  ["static/index.html", "index.html"],
  ["static/manifest.webmanifest", "manifest.webmanifest"],
  [icons + "/app-256.png", "icon-256.png"],
  [icons + "/app-512.png", "icon-512.png"],
  ["node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", "zxing_reader.wasm"],
]) {
  copyFileSync(from, join(out, to));
}

// The licences of what is bundled ask to go with it.
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const licences = Object.entries(dependencies).map(([name, version]) => `${name} ${version}\n\n${readFileSync(join("node_modules", name, "LICENSE"), "utf8").trim()}\n`);
// Its WebAssembly is of another project, under the licence that is also ours.
licences.push("zxing-cpp (https://github.com/zxing-cpp/zxing-cpp), in zxing_reader.wasm\n\n" + readFileSync("../../../LICENSE", "utf8"));
writeFileSync(join(out, "licences.txt"), licences.join("\n\n"));

const digest = createHash("sha256");
const files = readdirSync(out).sort();
for (const f of files) digest.update(f).update(readFileSync(join(out, f)));
// The reader is large, and most phones have their own: it is fetched when it is needed.
const shell = files.filter((f) => !["zxing_reader.wasm", "licences.txt"].includes(f)).map((f) => (f === "index.html" ? "/" : "/" + f));
await build({ ...options, entryPoints: { sw: "src/sw.ts" }, outdir: out, define: { SHELL: JSON.stringify(shell), VERSION: JSON.stringify(digest.digest("hex").slice(0, 16)) } });
