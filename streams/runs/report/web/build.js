// Bundle the script and the style of the page with their libraries, and collect the licences of the libraries.
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const out = process.argv[2] ?? "../assets";
const options = { bundle: true, minify: true, charset: "utf8", legalComments: "none", logLevel: "warning", target: "es2022" };
const bundle = await build({ ...options, entryPoints: ["main.js"], format: "iife", metafile: true, outfile: `${out}/report.js` });
await build({ ...options, entryPoints: ["report.css"], outfile: `${out}/report.css` });

const names = [...new Set(Object.keys(bundle.metafile.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean))].sort();
const licence = (name) => {
  const folder = `node_modules/${name}`, { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const texts = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && /^(licen[cs]e|notice|copying)/i.test(entry.name));
  return [`${name} ${version} (${license})`, ...texts.map(({ name: file }) => readFileSync(`${folder}/${file}`, "utf8").trim()).sort()].join("\n\n");
};
writeFileSync(`${out}/LICENSES.txt`, `${names.map(licence).join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
// An end tag anywhere in the script would end the script element.
const script = readFileSync(`${out}/report.js`, "utf8").replaceAll("</script", "<\\/script").trimEnd();
writeFileSync(`${out}/report.js`, script);
