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
    .argument('[more...]')
    .option('--reason <text>')
    .option('--json')
    .action((_stream, _more, given: unknown) => {
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

t.test('an empty value is refused, in whatever place, and the message says which', async (t) => {
  const told = 'is empty; give it a value: a shell passes an empty one where a variable is not set';
  for (const [args, named] of [
    [[''], "argument 'stream'"],
    [['order-1', ''], "argument 'more'"],
    [['order-1', 'order-2', ''], "argument 'more'"],
    [['--', ''], "argument 'stream'"],
    [['--reason', ''], "option '--reason <text>'"],
    [['--reason='], "option '--reason <text>'"],
  ] as const) {
    t.equal(await read(...args), `error: ${named} ${told}`, JSON.stringify(args));
  }
  t.same(await read('order-1', ' ', '--reason', ' '), { reason: ' ' }, 'a space is a name');
});
