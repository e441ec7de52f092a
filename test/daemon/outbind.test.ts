import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEMO_HASH, until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { oracleDecode, oracleEncode } from '../support/oracle.ts';
import { RawPeer, bindBytes, rawClient } from './raw.ts';
import { receiptText } from './smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const OUTBIND = oracleEncode('outbind', { system_id: 'SMSC01', password: 'obpass', sequence_number: 1 });

/** The next PDU as another codec reads it. */
async function next(peer: RawPeer): Promise<Record<string, unknown>> {
  return oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
}

describe('an SMSC that calls', () => {
  test('is bound to on its connection: messages go out there and receipts come in', async () => {
    const outbindPort = await freePort();
    await stage.serve(
      {
        smsc: [
          {
            // Nobody listens there, and nobody is called there.
            port: await freePort(),
            outbind_listen: `127.0.0.1:${outbindPort}`,
            outbind_system_id: 'SMSC01',
            outbind_password: 'obpass',
          },
        ],
      },
      false,
    );
    const esme = await stage.esme();
    const sending = esme.send({ short_message: 'over outbind' });
    const smsc = await rawClient(outbindPort);
    smsc.write(OUTBIND);
    const bind = await next(smsc);
    expect(bind).toMatchObject({ command: 'bind_transceiver' });
    const { sequence_number } = bind;
    smsc.write(oracleEncode('bind_transceiver_resp', { sequence_number, system_id: 'SMSC01' }));
    await stage.daemon.untilMetric('smsc_bound', (bound) => bound === 1);
    const submit = await next(smsc);
    expect(submit).toMatchObject({ command: 'submit_sm', short_message: { message: 'over outbind' } });
    smsc.write(
      oracleEncode('submit_sm_resp', { sequence_number: submit.sequence_number, message_id: 'ob-1' }),
    );
    const short_message = receiptText('ob-1', 'DELIVRD');
    smsc.write(oracleEncode('deliver_sm', { sequence_number: 1, esm_class: 4, short_message }));
    expect((await esme.receipt(await sending)).stat).toBe('DELIVRD');
    expect(await next(smsc)).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
    smsc.destroy();
    await stage.daemon.untilMetric('smsc_bound', (bound) => bound === 0);
    // It was never called itself, or the log would say that nobody listens there.
    expect(stage.daemon.log).not.toContain('ECONNREFUSED');
  });

  test('with a wrong password is only disconnected, and our password is not told', async () => {
    const outbindPort = await freePort();
    const outbind = { outbind_system_id: 'SMSC01', outbind_password: 'another' };
    await stage.serve(
      { smsc: [{ port: await freePort(), outbind_listen: `127.0.0.1:${outbindPort}`, ...outbind }] },
      false,
    );
    const smsc = await rawClient(outbindPort);
    smsc.write(OUTBIND);
    await smsc.untilClosed();
    expect(smsc.heard).toBe('');
    expect(stage.daemon.log).toContain('wrong system_id or password');
  });
});

describe('an ESME that is called', () => {
  let server: Server;
  let calls: RawPeer[];
  afterEach(() => {
    server.close();
    for (const peer of calls) peer.destroy();
  });

  /** A daemon whose account has a receipt that waits; resolves with its message's id. */
  async function waitingReceipt(): Promise<string> {
    calls = [];
    server = createServer((socket) => calls.push(new RawPeer(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const simulator = await stage.simulator();
    const called = { outbind: `127.0.0.1:${port}`, outbind_password: 'obpass' };
    await stage.serve({
      account: [called, { name: 'other', password_hash: DEMO_HASH }],
      smsc: [{ port: simulator.port }],
    });
    const esme = await stage.esme({ kind: 'bind_transmitter' });
    const id = await esme.send();
    await until(() => calls.length === 1, 'the call');
    return id;
  }

  test('while receipts wait and no receiver is bound: outbind, its bind, its receipts', async () => {
    const id = await waitingReceipt();
    const [esme] = calls;
    expect(await next(esme)).toMatchObject({ command: 'outbind', system_id: 'tollgate', password: 'obpass' });
    esme.write(bindBytes(1));
    expect(await next(esme)).toMatchObject({ command: 'bind_receiver_resp', command_status: 0 });
    const receipt = await next(esme);
    expect(receipt).toMatchObject({ command: 'deliver_sm', receipted_message_id: id });
    const { sequence_number } = receipt;
    esme.write(oracleEncode('deliver_sm_resp', { sequence_number, message_id: '' }));
    await stage.finalOf(id);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['the bind of another account', bindBytes(1, { name: 'other' })],
    ['a transmitter', bindBytes(2)],
    ['a wrong password', bindBytes(1, { password: 'wrong' })],
  ])('%s is refused there', async (_name, bytes) => {
    await waitingReceipt();
    const [esme] = calls;
    await next(esme);
    esme.write(bytes);
    expect(await next(esme)).toMatchObject({ command_status: 0x0d });
    await esme.untilClosed();
  });

  test('who does not bind is closed after smpp.session_init_s', async () => {
    calls = [];
    server = createServer((socket) => calls.push(new RawPeer(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const simulator = await stage.simulator();
    await stage.serve({
      smpp: { session_init_s: 3 },
      account: [{ outbind: `127.0.0.1:${port}` }],
      smsc: [{ port: simulator.port }],
    });
    const esme = await stage.esme({ kind: 'bind_transmitter' });
    await esme.send();
    await until(() => calls.length === 1, 'the call');
    await calls[0].untilClosed();
    expect(calls).toHaveLength(1);
  });
});
