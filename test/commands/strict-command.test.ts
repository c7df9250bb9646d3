import { CommanderError } from 'commander';
import t from 'tap';
import { StrictCommand } from '../../src/commands/strict-command.js';

/** What the options of `orderlog shelve skip` are; or the message that refuses them. */
async function read(...args: string[]): Promise<unknown> {
  let options: unknown;
  const program = new StrictCommand('orderlog').exitOverride().configureOutput({ writeErr: () => undefined });
  program
    .command('shelve')
    .command('skip')
    .argument('[stream]')
    .option('--reason <text>')
    .option('--json')
    .action((_, given: unknown) => {
      options = given;
    });
  try {
    await program.parseAsync(['shelve', 'skip', ...args], { from: 'user' });
    return options;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.message;
  }
}

t.test('an option is never the value of the option before it', async (t) => {
  for (const next of ['--json', '--reason', '--reason=x', '--jsom', '--no-such', '-h', '--']) {
    const told = await read('--reason', next, 'order-1@0');
    t.match(told, `option '--reason <text>' needs a value, but ${next} follows; write --reason=VALUE`, next);
  }
});

t.test('a value may begin with hyphens', async (t) => {
  for (const value of ['-5', '- a list', '--Ab3_x9-Qz07', '-- dashes first', '--two words', 'a --json b']) {
    t.same(await read('--reason', value, '--json'), { reason: value, json: true }, value);
  }
  t.same(await read('--reason=--json'), { reason: '--json' });
  t.same(await read('--json', '--', '--reason'), { json: true });
});
