import { closeSync, openSync, writeSync } from 'node:fs';

const FLUSH_MS = 50;

/**
 * The file of what this side saw: `S key` sent, `A key messageId status` answered (id `-` when refused),
 * `R messageId stat` receipt. Lines are in the order of events.
 */
export class LoadRecorder {
  private readonly file: number;
  private readonly timer: NodeJS.Timeout;
  private lines = '';

  constructor(path: string) {
    this.file = openSync(path, 'a');
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  sent(key: string): void {
    this.lines += `S ${key}\n`;
  }

  answered(key: string, messageId: string, status: number): void {
    this.lines += `A ${key} ${messageId === '' ? '-' : messageId} ${status.toString(16).padStart(8, '0')}\n`;
  }

  receipt(messageId: string, stat: string): void {
    this.lines += `R ${messageId} ${stat}\n`;
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    if (this.lines === '') return;
    writeSync(this.file, this.lines);
    this.lines = '';
  }
}
