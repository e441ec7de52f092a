/**
 * <data_dir>/audit.log: who looked into sessions or closed them, one JSON object a line, only ever added to. An entry
 * is on disk before what it is about begins. The file is opened anew each time, so it may be moved away and rotated.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

export class AuditLog {
  readonly path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves once the entry is on disk, with its time put in front; rejects when it can not be written. */
  append(entry: Record<string, unknown>): Promise<void> {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`;
    const written = this.#last.then(() => this.#write(line));
    // One entry that failed is told to whoever wrote it; the next one is tried all the same.
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #write(line: string): Promise<void> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      // A line that a crash cut short stays as it is, and spoils none but itself.
      const text = size > 0 && !(await endsWithLineFeed(file, size)) ? `\n${line}` : line;
      await file.appendFile(text);
      await file.sync();
      if (size === 0) await syncDirectory(dirname(this.path));
    } finally {
      await file.close();
    }
  }
}

async function endsWithLineFeed(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
