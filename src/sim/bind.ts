import * as smpp from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import { spokenVersion, versionNumber } from '../smpp/negotiate.ts';
import { decodeBind, encodeBindResp } from '../smpp/pdu/bind.ts';
import { writeGenericNack } from '../smpp/pdu/header-only.ts';
import type { SimulatorOptions } from './options.ts';

export interface BindDecision {
  /** What to answer. */
  response: Buffer;
  status: number;
  systemId: string;
  version: number;
}

/** Decides the bind in [start, end). An SMSC of 3.3 knows no bind_transceiver. */
export function decideBind(
  bytes: Buffer,
  start: number,
  end: number,
  options: SimulatorOptions,
): BindDecision {
  const command = readU32(bytes, start + 4);
  const sequenceNumber = readU32(bytes, start + 12);
  const versionMax = versionNumber(options.interfaceVersion);
  if (command === smpp.BIND_TRANSCEIVER && versionMax < smpp.VERSION_34) {
    const response = Buffer.alloc(smpp.HEADER_BYTES);
    writeGenericNack(response, 0, smpp.ESME_RINVCMDID, sequenceNumber);
    return { response, status: smpp.ESME_RINVCMDID, systemId: '', version: versionMax };
  }
  const bind = decodeBind(bytes, start, end, true);
  const refused =
    (options.systemId !== '' && options.systemId !== bind.systemId) ||
    (options.password !== '' && options.password !== bind.password);
  const status = bind.status === 0 && refused ? smpp.ESME_RBINDFAIL : bind.status;
  const version = Math.min(versionMax, spokenVersion(bind.interfaceVersion));
  // sc_interface_version only for those who know TLVs
  const announced = options.announce && version >= smpp.VERSION_34 ? version : undefined;
  const response = encodeBindResp(command, status, sequenceNumber, 'tollgatesim', announced);
  return { response, status, systemId: bind.systemId, version };
}
