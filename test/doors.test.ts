import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint, type Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RULE = 'no-restricted-imports';

let eslint: ESLint;

beforeAll(async () => {
  // The doors alone: without types, a probe costs milliseconds.
  const { default: config } = (await import(`${ROOT}eslint.config.js`)) as { default: readonly Linter.Config[] };
  const doors = config.flatMap(({ files, ignores, rules }): Linter.Config[] => {
    const rule = rules?.[RULE];
    if (!rule || !files) return [];
    return [{ files, ...(ignores && { ignores }), rules: { [RULE]: rule } }];
  });
  const languageOptions = { parser: parser as Linter.Parser };
  eslint = new ESLint({ cwd: ROOT, overrideConfigFile: true, overrideConfig: [{ languageOptions }, ...doors] });
});

/** A room, or one file of it: a probe stands beside what is there. */
function fileIn(room: string): string {
  const path = `src/${room}`;
  if (path.endsWith('.ts')) return path;
  const name = readdirSync(`${ROOT}${path}`).find((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  if (name === undefined) throw new Error(`${path} has no file`);
  return `${path}/${name}`;
}

async function complaints(from: string, to: string): Promise<string[]> {
  const filePath = fileIn(from);
  const target = fileIn(to);
  expect(existsSync(ROOT + target)).toBe(true);
  const way = posix.relative(posix.dirname(filePath), target);
  const text = `import '${way.startsWith('.') ? way : `./${way}`}';\n`;
  const [result] = await eslint.lintText(text, { filePath: ROOT + filePath });
  return result?.messages.map(({ ruleId, message }) => ruleId ?? message) ?? [];
}

/** Words of the lab, as they stand alone or in a name such as `faultyHop` or `labUsers`. */
const LAB_WORD = /^(?:labs?|faults?|faulty|impair(?:s|ed|ments?)?|tap(?:s|ped)?)$/i;

function labWords(text: string): string[] {
  return (text.match(/[A-Z]?[a-z]+|[A-Z]+/g) ?? []).filter((word) => LAB_WORD.test(word));
}

describe('a room of production', () => {
  it.each(['stun', 'sip', 'credentials', 'turn', 'edge', 'redis', 'admin'])('has no word of the lab in %s', (room) => {
    const folder = `${ROOT}src/${room}/`;
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(0);
    const found = files.flatMap((name) =>
      labWords(readFileSync(folder + name, 'utf8')).map((word) => `${name}: ${word}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['labUsers', ['lab']],
    ['class FaultyHop', ['Faulty']],
    ['#impair(allocation)', ['impair']],
    ['// a tap on the way', ['tap']],
    ['the default label of a staple', []],
  ])('would be caught with "%s"', (text, words) => {
    expect(labWords(text)).toEqual(words);
  });
});

describe('a wall between rooms', () => {
  it.each([
    ['base', 'sip'],
    ['stun', 'turn/engine'],
    ['sip', 'edge'],
    ['credentials', 'redis'],
    ['credentials', 'edge'],
    ['turn', 'edge'],
    ['edge', 'turn'],
    ['oauth', 'edge'],
    ['edge', 'oauth'],
    ['redis', 'turn'],
    ['http', 'lab'],
    ['admin/api', 'edge'],
    ['config', 'server'],
    ['server', 'lab'],
    ['server', 'cli'],
    ['wic', 'base'],
    ['demo-page', 'base'],
    ['turn/contract', 'turn/engine'],
    ['turn/engine', 'turn/dataplane/node'],
    ['turn/engine/requests', 'turn/dataplane/node'],
    ['turn/engine/requests', 'turn/kernel'],
    ['turn/dataplane/node', 'turn/engine'],
    ['turn/dataplane/shared', 'turn/dataplane/node'],
    ['turn/dataplane/node', 'turn/transports'],
    ['turn/kernel', 'turn/dataplane/shared'],
    ['edge/hop.ts', 'edge/flow'],
    ['edge/flood', 'edge/flow'],
    ['edge/trace', 'edge/flow'],
    ['edge/registration', 'edge/flow'],
    ['edge/flow', 'edge/proxy'],
    ['edge/border', 'edge/proxy'],
    ['edge/credential-insertion', 'edge/proxy'],
    ['edge/web-identity', 'edge/proxy'],
    ['edge/core', 'edge/core/external'],
    ['edge/core/external/transport', 'edge/core/external'],
    ['edge/core', 'edge/proxy'],
    ['edge/proxy', 'edge/drain'],
    ['edge/proxy', 'edge/edge.ts'],
  ])('lets nothing from %s to %s', async (from, to) => {
    expect(await complaints(from, to)).toEqual([RULE]);
  });

  it.each([
    ['edge/proxy', 'edge/border'],
    ['edge/core/external', 'edge/core'],
    ['turn/engine/requests', 'turn/engine/allocation'],
    ['turn/engine', 'turn/contract'],
    ['turn/transports', 'turn/dataplane/node'],
    ['server', 'oauth/as'],
    ['lab', 'edge'],
    ['redis', 'credentials'],
  ])('has a door from %s to %s', async (from, to) => {
    expect(await complaints(from, to)).toEqual([]);
  });
});
