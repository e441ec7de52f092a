import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

const STDERR = 2;

/**
 * The log: JSON lines on stderr, readable lines on a terminal, written synchronously so that the last line
 * before a crash is there. Nothing logs message text or passwords; numbers of subscribers go through
 * maskMsisdn.
 */
export async function openLog(level: string, thread: string): Promise<Logger> {
  const options = { level, base: { thread }, timestamp: pino.stdTimeFunctions.isoTime };
  // A worker thread's process.stderr is never a terminal; the descriptor is the same one.
  if (!isatty(STDERR)) return pino(options, pino.destination({ dest: STDERR, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ destination: STDERR, sync: true, translateTime: 'HH:MM:ss.l', ignore: 'thread' }),
  );
}

/** `+96277***56`: enough to recognise a number one knows, too little to call it. */
export function maskMsisdn(number: string): string {
  const digits = number.replace(/^\+/, '').length;
  if (digits <= 4) return '***';
  const shown = number.startsWith('+') ? 6 : 5;
  return digits < 10 ? `${number.slice(0, 2)}***` : `${number.slice(0, shown)}***${number.slice(-2)}`;
}
