// Run as a process of its own: loads the binary named on the command line, serves one request with a body,
// says so.

import { createRequire } from 'node:module';
import { request } from 'node:http';

interface Response {
  onData(handler: (chunk: ArrayBuffer, last: boolean) => void): void;
  onAborted(handler: () => void): void;
  end(body: string): void;
}

interface Native {
  App(): {
    post(pattern: string, handler: (response: Response) => void): void;
    listen(host: string, port: number, done: (socket: unknown) => void): void;
    close(): void;
  };
  us_socket_local_port(socket: unknown): number;
}

const native = createRequire(import.meta.url)(process.argv[2]) as Native;
const app = native.App();
app.post('/probe', (response) => {
  let bytes = 0;
  response.onAborted(() => undefined);
  response.onData((chunk, last) => {
    bytes += chunk.byteLength;
    if (last) response.end(String(bytes));
  });
});
app.listen('127.0.0.1', 0, (socket) => {
  const port = native.us_socket_local_port(socket);
  const sent = request(
    { port, host: '127.0.0.1', method: 'POST', path: '/probe', agent: false },
    (answer) => {
      answer.setEncoding('latin1').on('data', (text: string) => {
        app.close();
        process.stdout.write(text === '1000' ? 'serves\n' : `answered ${text}\n`);
      });
    },
  );
  sent.setHeader('content-length', 1000);
  sent.end(Buffer.alloc(1000));
});
