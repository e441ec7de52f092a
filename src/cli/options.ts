import type { Options } from 'yargs';
import { UsageError } from './exit.ts';

/** The option that every command about a configuration file has. */
export const configOption = {
  alias: 'c',
  type: 'string',
  default: 'tollgate.toml',
  requiresArg: true,
  describe: 'Configuration file',
} as const;

/**
 * Throws a UsageError for the first number option whose value is no number, or below 0 (or below a default that is
 * itself below 0). yargs reads "abc" as NaN and says nothing.
 */
export function requireNumbers(argv: Record<string, unknown>, options: Record<string, Options>): void {
  for (const [name, option] of Object.entries(options)) {
    if (option.type !== 'number') continue;
    const least = Math.min(0, Number(option.default));
    const value = argv[name];
    if (typeof value !== 'number' || !(value >= least) || !Number.isFinite(value)) {
      throw new UsageError(`--${name} must be one number of at least ${least}`);
    }
  }
}
