import { buildProgram } from '../cli/program.ts';
import { page } from './markdown.ts';

/** Characters of a line of help on these pages. */
const WIDTH = 100;

/** What `--help` prints, for the command and each of its subcommands. */
export function commandsPage(): string {
  // The version is in no text that is printed here.
  const commands = buildProgram('').commands.map((command) => {
    command.configureOutput({ getOutHelpWidth: () => WIDTH });
    return `## \`${command.name()}\`\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\``;
  });
  return page('Commands', [
    `\`\`\`sh
npx epcscf-turn serve --config epcscf-turn.yaml   # \`npm start\` is \`serve\` without a file
npx epcscf-turn check-config --config …            # prints everything that a start would refuse, a line each
npx epcscf-turn print-config --config …            # prints the configuration in force, secrets hidden
npx epcscf-turn mint alice --ttl 600               # makes a credential with the keys of the server
npx epcscf-turn mint-token alice --ttl 600         # makes an access token (RFC 7635) with the first key of oauth.keys
npx epcscf-turn verify <username> <password>       # says which key made it and when it ends, or why it is refused
npx epcscf-turn unmask <username>                  # says which registration is behind a name in a relay's log
npx epcscf-turn revoke alice --config …            # ends what a user holds on the TURN servers, now
\`\`\``,
    '`serve` is the default command. `npm run lab` is `serve --lab-control`; nothing else opens the [control interface for tests](../guide/lab-http.md).',
    'Exit codes: 0 means done. 1 means that something went wrong at run time, such as a port in use or an unreadable certificate; one line says which, and what to do. 2 means that the configuration or the command line is wrong. [Errors](errors.md) lists the codes.',
    ...commands,
  ]);
}
