// Bundles every file that stands in src/entries/ (one .js or .css each) into the pages' dist/.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const out = process.argv[2];
const entries = readdirSync("src/entries", { withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(js|css)$/.test(entry.name))
  .map((entry) => `src/entries/${entry.name}`);

await build({
  entryPoints: entries,
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "iife", // each page loads several bundles as plain scripts: they must not share one scope
  target: ["es2022"],
  legalComments: "linked", // the libraries' licences travel beside the bundles
  loader: { ".woff2": "file", ".svg": "dataurl", ".png": "file", ".wav": "file" },
  assetNames: "[name]-[hash]",
  logLevel: "warning",
});
