/**
 * An ESME as many are written: no TCP_NODELAY, one submit at a time, every PDU a write of its own, answers to
 * receipts written as they come. Nagle's algorithm here and delayed acknowledgements at the server then cost 40 ms
 * whenever a submit follows the answer to a receipt.
 */
import { connect } from 'node:net';
import { DEMO } from '../test/support/daemon.ts';
import * as smpp from '../src/smpp/constants.ts';
import { readU32, writeU32 } from '../src/smpp/cursor.ts';
import { FrameReader } from '../src/smpp/frame.ts';
import { encodeBind } from '../src/smpp/pdu/bind.ts';
import { writeDeliverSmResp } from '../src/smpp/pdu/deliver-sm.ts';
import { encodeSubmitSm } from '../src/smpp/pdu/submit-sm.ts';

/** Messages a second over `durationMs`. */
export function runLockStep(port: number, receipts: boolean, durationMs: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: false });
  const reader = new FrameReader(65_536);
  const submit = encodeSubmitSm(
    {
      source: 'tollgate',
      sourceTon: 5,
      dest: '962790000001',
      destTon: 1,
      destNpi: 1,
      registeredDelivery: receipts ? 1 : 0,
      message: Buffer.from('one by one'),
    },
    1,
  );
  let sequence = 1;
  let answered = 0;
  const next = (): void => {
    const pdu = Buffer.from(submit);
    writeU32(pdu, 12, ++sequence);
    socket.write(pdu);
  };
  const onPdu = (b: Buffer, start: number): boolean => {
    const command = readU32(b, start + 4);
    if (command === smpp.DELIVER_SM) {
      const answer = Buffer.alloc(17);
      writeDeliverSmResp(answer, 0, smpp.ESME_ROK, readU32(b, start + 12));
      socket.write(answer);
      return true;
    }
    if (command === smpp.SUBMIT_SM_RESP) answered++;
    if (command === smpp.SUBMIT_SM_RESP || command === smpp.BIND_TRANSCEIVER_RESP) next();
    return true;
  };
  socket.on('data', (chunk: Buffer) => reader.feed(chunk, { onPdu }));
  const login = {
    systemId: DEMO.name,
    password: DEMO.password,
    systemType: '',
    interfaceVersion: smpp.VERSION_34,
  };
  socket.write(encodeBind(smpp.BIND_TRANSCEIVER, 1, { ...login, addrTon: 0, addrNpi: 0, addressRange: '' }));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    setTimeout(() => {
      socket.destroy();
      resolve(answered / (durationMs / 1000));
    }, durationMs);
  });
}
