import { Command, InvalidArgumentError } from 'commander';
import { LAB_TOKEN_VARIABLE } from '../config/environment.ts';
import { type checkConfig, type printConfig } from './config-commands.ts';
import { withConfigOptions } from './config-options.ts';
import { type mint, type mintToken, type unmask, type verify } from './credential-commands.ts';
import { type RevokeFlags } from './revoke.ts';
import { serve } from './serve.ts';

/** The command with all of its subcommands, options and texts. Each but `serve` is loaded when it is called: a server has none of the others in its memory. */
export function buildProgram(version: string): Command {
  const program = new Command('epcscf-turn')
    .description('eP-CSCF WebSocket SIP edge and TURN server in one process')
    .version(version)
    .showHelpAfterError('(epcscf-turn --help lists the commands)')
    .exitOverride();

  withConfigOptions(program.command('serve', { isDefault: true }))
    .description('run the edge and the TURN server; without a configuration, a lab on this machine only')
    .option('--json', 'print one line of JSON with every address once ready, instead of the banner')
    .option('--lab-control', 'open /lab: events, credentials and faults over HTTP, for tests; on this machine only')
    .option('--lab-token-file <file>', `let whoever shows this token use it from elsewhere (or $${LAB_TOKEN_VARIABLE})`)
    .action(serve);

  withConfigOptions(program.command('check-config'))
    .description('check the configuration and the files it names, without listening')
    .action(async (...given: Parameters<typeof checkConfig>) => (await configCommands()).checkConfig(...given));

  withConfigOptions(program.command('print-config'))
    .description('print the effective configuration, secrets hidden')
    .option('--env', 'list the environment variable of each key instead')
    .action(async (...given: Parameters<typeof printConfig>) => {
      (await configCommands()).printConfig(...given);
    });

  withConfigOptions(program.command('mint'))
    .description('make a TURN credential for a user')
    .argument('<user>', 'whom it is for; does not show in the credential', userName)
    .option('--ttl <seconds>', 'wished lifetime, kept within credentials.ttl', wholeSeconds)
    .action(async (...given: Parameters<typeof mint>) => {
      (await credentialCommands()).mint(...given);
    });

  withConfigOptions(program.command('mint-token'))
    .description('make an access token for the TURN server (RFC 7635), with the first key of oauth.keys')
    .argument('<user>', 'whom it is for; does not show in the token', userName)
    .option('--ttl <seconds>', 'wished lifetime, kept within credentials.ttl', wholeSeconds)
    .action(async (...given: Parameters<typeof mintToken>) => {
      (await credentialCommands()).mintToken(...given);
    });

  withConfigOptions(program.command('verify'))
    .description('say which key made a credential and until when it is good, or why it is refused')
    .argument('<username>')
    .argument('<password>')
    .option('--realm <realm>', 'of a realm-bound credential, when not the configured one')
    .action(async (...given: Parameters<typeof verify>) => {
      process.exitCode = (await credentialCommands()).verify(...given);
    });

  withConfigOptions(program.command('unmask'))
    .description('print the registration behind a user name in the log of a relay')
    .argument('<username>', 'u, or u and t as they stand in USERNAME')
    .action(async (...given: Parameters<typeof unmask>) => {
      process.exitCode = (await credentialCommands()).unmask(...given);
    });

  withConfigOptions(program.command('revoke'))
    .description('end what a user holds on the TURN servers, now')
    .argument('<user>', 'public or private identity, or its user part: alice, sip:alice@example.com', userName)
    .option('--turn-name', 'the argument is a TURN name, or a whole USERNAME, as the log of a TURN server shows it')
    .option('--client', 'the argument is a client of the authorization server (oauth.clients[].id)')
    .option('--registration', 'end the registrations of the user, too')
    .option(
      '--url <url>',
      'https URL of a server, each edge of a fleet; may be repeated; by default the server of the configuration',
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option('--token-file <file>', 'file with the token, when not admin.tokenFile of the configuration')
    .option('--redis', 'write a TURN name into redis.servers, without a server; the default where there is no token')
    .option('--ca <file>', 'PEM bundle of the CAs to trust instead of those of Node.js')
    .action(async (user: string, flags: RevokeFlags) => {
      const { revoke } = await import('./revoke.ts');
      process.exitCode = await revoke(user, flags);
    });
  return program;
}

function configCommands() {
  return import('./config-commands.ts');
}

function credentialCommands() {
  return import('./credential-commands.ts');
}

function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected seconds');
  return Number(text);
}

function userName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected a name');
  return text;
}
