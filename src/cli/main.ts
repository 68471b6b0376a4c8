#!/usr/bin/env node
import { type Command, CommanderError } from 'commander';
import { nearest } from '../config/nearest.ts';
import { EXIT, reportFailure } from './exit.ts';
import { buildProgram } from './program.ts';
import { packageVersion } from './version.ts';

/** Refuses a word that is no command. Without it commander would say that the default command has too many arguments. */
function refuseUnknownCommand(program: Command, [word = '-']: readonly string[]): void {
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (word.startsWith('-') || names.includes(word)) return;
  const near = nearest(word, names);
  const hint = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean "${near}"?`;
  program.error(`error: unknown command "${word}"; ${hint}`);
}

try {
  const program = buildProgram(packageVersion());
  refuseUnknownCommand(program, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.config;
  else process.exit(reportFailure(error));
}
