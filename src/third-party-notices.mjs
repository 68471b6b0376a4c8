// What the licences of bundled packages ask for: their names and texts go along with the copies of their code.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** Writes name, version, licence and licence text of every package that esbuild's metafiles say was bundled. */
export function writeNotices(file, metafiles) {
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap(bundledFiles));
  const folders = new Set(inputs.flatMap((input) => packageFolder(input) ?? []));
  const notices = [...folders].map(noticeOf).sort((a, b) => a.localeCompare(b, 'en'));
  const intro = 'epcscf-turn contains copies of the packages below, in dist/cli and dist/pages/demo.';
  writeFileSync(file, [intro, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`));
}

/** Without the files of which nothing was left. */
function bundledFiles({ inputs }) {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
}

/** `node_modules/a/node_modules/@b/c/d.js` is of `node_modules/a/node_modules/@b/c`. */
function packageFolder(path) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  if (!license || files.length === 0) throw new Error(`${folder}: no licence to pass on`);
  const texts = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
  return [`${name} ${version}\nLicence: ${license}`, ...texts].join('\n\n');
}
