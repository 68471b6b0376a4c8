import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandBundle, pageBundle } from '../src/bundles.mjs';

const COMMAND = 'dist/cli/main.js';
const NOTICES = 'dist/THIRD-PARTY-NOTICES.txt';

beforeAll(() => {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: npm run build`);
});

const filesEnding = (ending: string) =>
  readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending));

/** Names of the packages of which a bundle holds code, as the bundler tells. */
async function packagesIn(bundle: BuildOptions): Promise<string[]> {
  const { metafile } = await build({ ...bundle, absWorkingDir: process.cwd(), write: false, metafile: true });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs: parts }) => Object.entries(parts));
  const paths = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
  return paths.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path)?.[1] ?? []);
}

/** What the command loads before it knows its configuration: all that is imported from file to file, and not later. */
async function loadedAtOnce(bundle: BuildOptions): Promise<string[]> {
  const { metafile } = await build({ ...bundle, absWorkingDir: process.cwd(), write: false, metafile: true });
  const files = Object.keys(metafile.outputs).filter((file) => file.endsWith('/main.js'));
  for (const file of files) {
    const imports = metafile.outputs[file]?.imports.filter(
      ({ kind, external }) => kind === 'import-statement' && !external,
    );
    for (const { path } of imports ?? []) if (!files.includes(path)) files.push(path);
  }
  return files.flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
}

describe('the built package', () => {
  it('loads no part of a server, and nothing that only such a part needs, before the configuration asks for it', async () => {
    const loaded = await loadedAtOnce(commandBundle);
    expect(loaded).toEqual(expect.arrayContaining(['src/cli/serve.ts', 'src/server/server.ts']));
    const parts =
      /^src\/(?:lab|admin|oauth|turn\/engine|edge\/(?:edge|proxy))\b|node_modules\/(?:jsonwebtoken|ws|hono|@hono)\//;
    expect(loaded.filter((path) => parts.test(path))).toEqual([]);
  });

  it('names every package whose code is in the command or in the page, with its licence', async () => {
    const bundles = await Promise.all([commandBundle, pageBundle].map(packagesIn));
    const bundled = new Set(bundles.flat());
    expect(bundled.size).toBeGreaterThan(5);
    const notices = readFileSync(NOTICES, 'utf8');
    for (const name of [...bundled, 'jssip', 'sdp-transform', 'uplot']) {
      const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
        version: string;
        license: string;
      };
      expect(notices).toContain(`\n\n${name} ${version}\nLicence: ${license}\n\n`);
    }
    expect(notices.match(/Permission is hereby granted/g)!.length).toBeGreaterThan(bundled.size / 2);
  });

  it('has the notices in what is published', () => {
    const listing = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }] = JSON.parse(listing) as [{ files: { path: string }[] }];
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining([NOTICES, COMMAND]));
  });

  it('has source maps that hold their sources, which are not published', () => {
    const maps = filesEnding('.map');
    expect(maps.length).toBeGreaterThan(10);
    for (const file of maps) {
      const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join('dist', file), 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      expect(sourcesContent.filter(Boolean), file).toHaveLength(sources.length);
    }
    for (const file of filesEnding('.js')) {
      const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(join('dist', file), 'utf8')) ?? [];
      if (map !== undefined) expect(existsSync(join('dist', file, '..', map)), file).toBe(true);
    }
  });
});
