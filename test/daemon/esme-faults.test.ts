import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEMO, pause, until } from '../support/daemon.ts';
import { npm } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** A socket whose every byte the test chooses. */
async function raw(port: number): Promise<{
  write: (bytes: Buffer) => void;
  /** Hexadecimal of all that came. */
  heard: () => string;
  closed: () => boolean;
  destroy: () => void;
}> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('close', () => (closed = true));
  // A reset is an end like any other here.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    write: (bytes) => void socket.write(bytes),
    heard: () => Buffer.concat(chunks).toString('hex'),
    closed: () => closed,
    destroy: () => socket.destroy(),
  };
}

function bindBytes(): Buffer {
  const fields = { system_id: DEMO.name, password: DEMO.password, interface_version: 0x34 };
  return new npm.PDU('bind_transceiver', { ...fields, sequence_number: 1 }).toBuffer();
}

function submitBytes(sequence: number): Buffer {
  const fields = { source_addr: 'a', destination_addr: '962790000001', short_message: 'x' };
  return new npm.PDU('submit_sm', { ...fields, sequence_number: sequence }).toBuffer();
}

/** command_length 0x10, the command, the status, the sequence_number. */
const header = (command: string, status: string, sequence: string): string =>
  `00000010${command}${status}${sequence}`;

describe('a client that breaks the rules gets a defined answer, and others go on', () => {
  test('garbage, an oversize length, a state error, an unknown command', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const { smppPort } = stage.site;
    const good = await stage.esme();

    const garbage = await raw(smppPort);
    garbage.write(Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'));
    await until(garbage.closed, 'garbage is cut off');
    // generic_nack with ESME_RINVCMDLEN; the sequence_number is what stood in its place ("1.1\r").
    expect(garbage.heard()).toMatch(/^0000001080000000 ?00000002/);

    const oversize = await raw(smppPort);
    oversize.write(Buffer.from('7fffffff000000090000000000000007', 'hex'));
    await until(oversize.closed, 'an oversize PDU is cut off');
    expect(oversize.heard()).toBe(header('80000000', '00000002', '00000007'));

    const early = await raw(smppPort);
    early.write(submitBytes(5));
    await until(() => early.heard() !== '', 'an answer');
    // submit_sm_resp with ESME_RINVBNDSTS.
    expect(early.heard()).toBe(header('80000004', '00000004', '00000005'));
    early.destroy();

    const unknown = await raw(smppPort);
    unknown.write(bindBytes());
    await until(() => unknown.heard().startsWith('00'), 'the bind response');
    await until(() => unknown.heard().length > 32, 'the whole of it');
    const bound = unknown.heard();
    unknown.write(Buffer.from('00000010000000770000000000000009', 'hex'));
    await until(() => unknown.heard().length > bound.length, 'an answer');
    // generic_nack with ESME_RINVCMDID; the bind stays.
    expect(unknown.heard().slice(bound.length)).toBe(header('80000000', '00000003', '00000009'));
    unknown.write(submitBytes(10));
    await until(() => unknown.heard().length > bound.length + 32, 'the submit_sm_resp');
    expect(unknown.heard().slice(bound.length + 32)).toMatch(/^00000021 ?8000000400000000 ?0000000a/);
    unknown.destroy();

    await good.receiptsOf(await good.sendMany(20));
  });

  test('one byte at a time, and many PDUs in one write', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const slow = await raw(stage.site.smppPort);
    for (const byte of Buffer.concat([bindBytes(), submitBytes(2)])) {
      slow.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => slow.heard().includes('8000000400000000' + '00000002'), 'the submit_sm_resp');
    slow.write(Buffer.concat(Array.from({ length: 500 }, (_, index) => submitBytes(100 + index))));
    const last = (599).toString(16).padStart(8, '0');
    await until(() => slow.heard().includes(`8000000400000000${last}`), 'the last submit_sm_resp');
    expect(await stage.daemon.metric('accepted_total')).toBe(501);
    slow.destroy();
  });

  test('a PDU not finished in pdu_complete_s ends the session; half a PDU and a cut does no harm', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smpp: { pdu_complete_s: 1 }, smsc: [{ port: simulator.port }] });
    const half = await raw(stage.site.smppPort);
    half.write(bindBytes());
    await until(() => half.heard() !== '', 'the bind response');
    half.write(submitBytes(2).subarray(0, 20));
    await until(half.closed, 'the session ends');
    const cut = await raw(stage.site.smppPort);
    cut.write(bindBytes());
    await until(() => cut.heard() !== '', 'the bind response');
    cut.write(submitBytes(2).subarray(0, 20));
    await pause(50);
    cut.destroy();
    const good = await stage.esme();
    await good.receipt(await good.send());
    expect(await stage.daemon.metric('accepted_total')).toBe(1);
  });

  test('a client that cuts the connection with receipts in its window gets them at its next bind', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ edge: { threads: 2 }, smsc: [{ port: simulator.port }] });
    let ids: string[] = [];
    for (let round = 0; round < 5; round++) {
      const deaf = await stage.esme({ answer: () => undefined });
      ids = [...ids, ...(await deaf.sendMany(30))];
      await until(() => deaf.receipts.length >= 10, 'receipts under way');
      await deaf.cut();
    }
    const esme = await stage.esme();
    await esme.receiptsOf(ids);
    await stage.daemon.untilNonePending();
    expect(await stage.daemon.metric('conservation_difference')).toBe(0);
  });
});
