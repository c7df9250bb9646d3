import { Command, Option, type ParseOptionsResult } from 'commander';

/** An option as people write it, in lower-case words. A log position may begin with hyphens, too, and is hardly ever one. */
const OPTION = /^(?:--(?:[a-z]+(?:-[a-z]+)*(?:=.*)?)?|-[a-zA-Z])$/s;

/**
 * A command that never takes an option for the value of the option before it, nor an empty text for a value: a shell passes one where a
 * variable is not set. Its subcommands are such commands as well.
 */
export class StrictCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.hook('preAction', (self, called) => {
      if (self === called) refuseEmpty(called);
    });
  }

  override createCommand(name?: string): Command {
    return new StrictCommand(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    for (const [index, arg] of args.entries()) {
      if (arg === '--') break;
      const option = this.options.find((one) => one.required && one.long === arg);
      const next = args[index + 1];
      if (!option || next === undefined || !OPTION.test(next)) continue;
      this.error(
        `error: option '${option.flags}' needs a value, but ${next} follows; write ${arg}=VALUE for a value that begins with a hyphen`,
      );
    }
    return super.parseOptions(args);
  }
}

function refuseEmpty(command: Command): void {
  const empty =
    command.registeredArguments.find((_, index) => isEmpty(command.processedArgs[index])) ??
    command.options.find((option) => isEmpty(command.getOptionValue(option.attributeName())));
  if (!empty) return;
  const named = empty instanceof Option ? `option '${empty.flags}'` : `argument '${empty.name()}'`;
  command.error(`error: ${named} is empty; give it a value: a shell passes an empty one where a variable is not set`);
}

/** Of an argument that may be given several times, one value. */
function isEmpty(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.includes(''));
}
