import { checkRules } from './rules.ts';
import { configTree } from './tree.ts';

export const configSchema = configTree.superRefine(checkRules);
