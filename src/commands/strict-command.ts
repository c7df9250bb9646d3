import { Command, type ParseOptionsResult } from 'commander';

/** An option as people write it, in lower-case words. A log position may begin with hyphens, too, and is hardly ever one. */
const OPTION = /^(?:--(?:[a-z]+(?:-[a-z]+)*(?:=.*)?)?|-[a-zA-Z])$/s;

/** A command that never takes an option for the value of the option before it. Its subcommands are such commands as well. */
export class StrictCommand extends Command {
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
