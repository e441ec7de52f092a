/** Exit codes, after sysexits.h. */
export const EXIT = { ok: 0, failed: 1, usage: 64, badData: 65, config: 78 } as const;

/** Ends the command with one line on stderr and this exit code. */
export class ExitError extends Error {
  override name = 'ExitError';
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** The command line is wrong. */
export class UsageError extends ExitError {
  override name = 'UsageError';

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
