import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Argv, CommandModule } from 'yargs';
import { hashPassword } from '../admin/password.ts';
import { LONG_CREDENTIAL_LENGTH_MAX, PASSWORD_LENGTH_MAX } from '../core/limits.ts';
import { EXIT, ExitError } from './exit.ts';

export const hashPasswordCommand: CommandModule<object, { password: string | undefined }> = {
  command: 'hash-password',
  describe: 'Print the password_hash of a password read from stdin',
  builder: (args: Argv<object>) =>
    args.option('password', {
      type: 'string',
      requiresArg: true,
      describe: 'The password; other users of this machine can see it here',
    }),
  handler: async ({ password }) => {
    const read = password ?? (process.stdin.isTTY ? await prompt() : await readStdin());
    if (read === '') throw new ExitError('the password is empty', EXIT.badData);
    if (Buffer.byteLength(read) > PASSWORD_LENGTH_MAX) {
      process.stderr.write(
        `tollgate: an SMPP bind carries ${PASSWORD_LENGTH_MAX} characters at most, ` +
          `with long_credentials = true ${LONG_CREDENTIAL_LENGTH_MAX}\n`,
      );
    }
    process.stdout.write(`${hashPassword(read)}\n`);
  },
};

async function readStdin(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

/** Asks on the terminal without showing what is typed. */
async function prompt(): Promise<string> {
  process.stderr.write('Password: ');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
