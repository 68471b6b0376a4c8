import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { schemaRoot, type SchemaNode } from './json-schema.ts';
import { isMapping } from './problems.ts';

/** A key that names a file or folder. */
interface NamedFile {
  readonly path: string;
  readonly file: string;
  readonly kind: NonNullable<SchemaNode['file']>;
}

type Visit = (found: NamedFile, replace: (file: string) => void) => void;

/** What a file says of files counts from the folder it lies in, wherever the process was started. Changes the tree. */
export function anchorFiles(tree: Record<string, unknown>, folder: string): void {
  visit(schemaRoot(), tree, '', ({ file }, replace) => {
    replace(resolve(folder, file));
  });
}

const READABLE_BY_ALL = 0o004;

/** A line for each file with a secret that every user of this machine can read. */
export function looseFileWarnings(config: unknown): string[] {
  const warnings: string[] = [];
  visit(schemaRoot(), config, '', ({ path, file, kind }) => {
    const warning = kind === 'secret' ? looseFileWarning(path, file) : undefined;
    if (warning !== undefined) warnings.push(warning);
  });
  return warnings;
}

/**
 * Files of the state folder are refused for less. These belong to the operator, and what mounts secrets into a container often leaves no choice of
 * their modes. The group is left alone: by it a key is commonly shared with the user that runs this.
 */
export function looseFileWarning(path: string, file: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || (mode & READABLE_BY_ALL) === 0) return undefined;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `${path}: every user of this machine can read ${file} (mode ${octal}); run chmod o= on it`;
}

function visit(node: SchemaNode | undefined, value: unknown, path: string, onFile: Visit): void {
  if (!node || !(isMapping(value) || Array.isArray(value))) return;
  for (const [name, child] of Object.entries(value)) {
    const childNode = Array.isArray(value) ? node.items : node.properties?.[name];
    const childPath = path === '' ? name : `${path}.${name}`;
    if (childNode?.file === undefined || typeof child !== 'string') visit(childNode, child, childPath, onFile);
    else onFile({ path: childPath, file: child, kind: childNode.file }, (file) => Reflect.set(value, name, file));
  }
}
