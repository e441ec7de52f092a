import { closeSync, openSync, writeSync } from 'node:fs';

const KEY_LENGTH_MAX = 40;
const FLUSH_MS = 50;

/**
 * The file of what arrived: one line per submit_sm, its key = the text up to the first space, at most 40
 * bytes. A refused one has its status behind the key (`KEY 00000058`), one that is never answered a dash
 * (`KEY -`).
 */
export class Recorder {
  /** messages taken (not refused) whose key had been taken before */
  repeats = 0;
  private readonly file: number;
  private readonly seen = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private lines = '';

  constructor(path: string) {
    this.file = openSync(path, 'a');
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  add(bytes: Buffer, textAt: number, textEnd: number, note: string): void {
    const limit = Math.min(textEnd, textAt + KEY_LENGTH_MAX);
    let end = textAt;
    while (end < limit && bytes[end] > 0x20 && bytes[end] < 0x7f) end++;
    const key = bytes.toString('latin1', textAt, end);
    if (note === '' || note === ' -') {
      if (this.seen.has(key)) this.repeats++;
      else this.seen.add(key);
    }
    this.lines += `${key}${note}\n`;
  }

  /** A full disk ends the simulator: a record with holes would prove nothing. */
  flush(): void {
    if (this.lines === '') return;
    writeSync(this.file, this.lines);
    this.lines = '';
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
    closeSync(this.file);
  }
}
