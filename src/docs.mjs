// Writes what is generated from the configuration schema: the tables of README.md and the JSON Schema. `npm run docs`, after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publishedJsonSchema, withConfigTables } from '../dist/config/documentation.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const readme = withConfigTables(readFileSync('README.md', 'utf8'));
if (readme === undefined)
  console.error('README.md: the markers <!-- config:start --> and <!-- config:end --> are missing');
else writeFileSync('README.md', readme);

writeFileSync('config/epcscf-turn.schema.json', JSON.stringify(publishedJsonSchema()));
