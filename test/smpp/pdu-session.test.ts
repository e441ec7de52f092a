/** How a library session ends in order, on either side and whoever asks for it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../src/smpp/library-types.ts';
import { pduBytes, submitBytes } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { oracleEncode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';
import { endAll, overRaw } from './library.ts';
import { rawEsme, serve } from './tiny-smsc.ts';

afterEach(endAll);

const [SUBMIT_SM_RESP, DELIVER_SM_RESP, UNBIND, UNBIND_RESP] = [0x8000_0004, 0x8000_0005, 6, 0x8000_0006];

/** [command_id, command_status, sequence_number] of the next PDU. */
async function next(peer: { takePdu(): Promise<string> }): Promise<number[]> {
  const pdu = Buffer.from(await peer.takePdu(), 'hex');
  return [pdu.readUInt32BE(4), pdu.readUInt32BE(8), pdu.readUInt32BE(12)];
}

/** Handlers whose answers the test gives. */
function slowly(): { handler: () => Promise<Answer>; answers: ((answer: Answer) => void)[] } {
  const answers: ((answer: Answer) => void)[] = [];
  return { handler: () => new Promise((resolve) => answers.push(resolve)), answers };
}

describe('the peer unbinds', () => {
  test('a server answers the requests that came before first, and refuses later ones', async () => {
    const { handler, answers } = slowly();
    const scene = await serve(handler);
    const peer = await rawEsme(scene);
    peer.write(Buffer.concat([submitBytes(5), pduBytes(UNBIND, 6), submitBytes(7)]));
    expect(await next(peer)).toEqual([SUBMIT_SM_RESP, 4, 7]);
    expect([answers.length, scene.told]).toEqual([1, []]);
    answers[0]({ messageId: 'm' });
    expect(await next(peer)).toEqual([SUBMIT_SM_RESP, 0, 5]);
    expect(await next(peer)).toEqual([UNBIND_RESP, 0, 6]);
    await until(() => scene.told.length > 0, 'the unbind');
  });

  test('a server waits for its handlers no longer than unbindTimeoutMs', async () => {
    const { handler } = slowly();
    const peer = await rawEsme(await serve(handler, { unbindTimeoutMs: 50 }));
    peer.write(Buffer.concat([submitBytes(5), pduBytes(UNBIND, 6)]));
    expect(await next(peer)).toEqual([UNBIND_RESP, 0, 6]);
  });

  test('nor for what the ESME owes it', async () => {
    const scene = await serve();
    const peer = await rawEsme(scene);
    const given = scene.sessions[0].deliverSm({ shortMessage: Buffer.from('x') });
    await peer.takePdu();
    peer.write(pduBytes(UNBIND, 6));
    expect(await next(peer)).toEqual([UNBIND_RESP, 0, 6]);
    peer.write(pduBytes(DELIVER_SM_RESP, 1, Buffer.alloc(1)));
    expect(await given).toMatchObject({ commandStatus: 0 });
  });

  test('one that unbinds again gets both answers at once', async () => {
    const { handler } = slowly();
    const peer = await rawEsme(await serve(handler));
    peer.write(Buffer.concat([submitBytes(5), pduBytes(UNBIND, 6), pduBytes(UNBIND, 7)]));
    expect([await next(peer), await next(peer)]).toEqual([
      [UNBIND_RESP, 0, 6],
      [UNBIND_RESP, 0, 7],
    ]);
  });

  test('a client waits for what it has sent, and gives up what waited behind it', async () => {
    const { session, peer } = await overRaw({ windowMax: 1 });
    const sent = session.submitSm({ destinationAddr: '49' });
    const unsent = expect(session.submitSm({ destinationAddr: '50' })).rejects.toThrow('the peer unbound');
    const sequence_number = (await next(peer))[2];
    peer.write(Buffer.concat([pduBytes(UNBIND, 9), vectorNamed('enquire_link').bytes]));
    expect(await peer.takePdu()).toBe(vectorNamed('enquire_link_resp').bytes.toString('hex'));
    await unsent;
    peer.write(oracleEncode('submit_sm_resp', { sequence_number, message_id: 'm' }));
    expect(await sent).toMatchObject({ messageId: 'm' });
    expect(await next(peer)).toEqual([UNBIND_RESP, 0, 9]);
    await peer.untilClosed();
  });
});

describe('we unbind', () => {
  test('behind the answers to what was sent, what waits included, and our own', async () => {
    const { handler, answers } = slowly();
    const { session, peer } = await overRaw({ windowMax: 1 }, { onDeliverSm: handler });
    const both = [session.submitSm({ destinationAddr: '49' }), session.submitSm({ destinationAddr: '50' })];
    peer.write(vectorNamed('deliver_sm_mo').bytes);
    await until(() => answers.length === 1, 'the deliver_sm');
    const ended = session.unbind();
    await expect(session.submitSm({ destinationAddr: '51' })).rejects.toThrow('the session has ended');
    for (let count = 0; count < 2; count++) {
      const [command, , sequence_number] = await next(peer);
      expect(command).toBe(4);
      peer.write(oracleEncode('submit_sm_resp', { sequence_number, message_id: `m${count}` }));
    }
    expect(await Promise.all(both)).toMatchObject([{ messageId: 'm0' }, { messageId: 'm1' }]);
    expect(peer.heard).toBe('');
    answers[0](0);
    expect(await next(peer)).toEqual([DELIVER_SM_RESP, 0, 1]);
    const [command, , sequence] = await next(peer);
    expect(command).toBe(UNBIND);
    peer.write(pduBytes(UNBIND_RESP, sequence));
    await ended;
    await peer.untilClosed();
  });

  test('though something stays open: it is rejected then', async () => {
    const { session, peer } = await overRaw({ windowMax: 1, unbindTimeoutMs: 50 });
    const lost = expect(session.submitSm({ destinationAddr: '49' })).rejects.toThrow('no answer before');
    await peer.takePdu();
    const ended = session.unbind();
    const [command, , sequence] = await next(peer);
    expect(command).toBe(UNBIND);
    await lost;
    peer.write(pduBytes(UNBIND_RESP, sequence));
    await ended;
  });

  test('and the connection ends meanwhile: that is an end too', async () => {
    const { session, peer } = await overRaw();
    const lost = expect(session.submitSm({ destinationAddr: '49' })).rejects.toThrow('the peer closed');
    await peer.takePdu();
    const ended = [session.unbind(), session.unbind()];
    peer.destroy();
    await Promise.all(ended);
    await lost;
  });
});
