import { commandsPage } from './commands-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { PAGES_WITH_EXAMPLES, pageWithExamples } from './examples.ts';
import { eventsPage } from './events-page.ts';
import { faultsPage } from './faults-page.ts';
import { publishedJsonSchema } from './json-schema.ts';

/** Every file that is written from the code, by its path from the root of the repository. `npm run docs` writes them. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/commands.md', commandsPage()],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/events.md', eventsPage()],
    ['docs/reference/faults.md', faultsPage()],
    ...PAGES_WITH_EXAMPLES.map((path): [string, string] => [path, pageWithExamples(path)]),
    ['config/epcscf-turn.schema.json', `${JSON.stringify(publishedJsonSchema())}\n`],
  ]);
}
