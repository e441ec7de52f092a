// The Linux binaries of uWebSockets.js are built against glibc 2.38, and the only symbols of that version
// they import are __isoc23_strtol, __isoc23_strtoul and __isoc23_sscanf: header redirects of plain C
// functions that differ in nothing but accepting 0b prefixes. Pointing the three imports at the plain
// functions makes the binary load on glibc 2.36 too.
//
//   .gnu.version_r  Verneed { version 2, count 2, file 4, aux 4, next 4 } -> Vernaux { hash 4, flags 2,
//                   index 2, name 4, next 4 } ...
//   .gnu.version    one 16-bit version index a dynamic symbol
//   .dynsym         Elf64_Sym { name 4, info 1, other 1, section 2, value 8, size 8 }, 24 bytes each

const ELF_MAGIC = 0x7f454c46;
const MACHINE_ARM64 = 183;
const SECTION_DYNSYM = 11;
const SECTION_VERNEED = 0x6ffffffe;
const SECTION_VERSYM = 0x6fffffff;
const SYMBOL_BYTES = 24;
const VERSION_WANTED_AWAY = 'GLIBC_2.38';
const PREFIX = '__isoc23_';

interface Section {
  readonly type: number;
  readonly at: number;
  readonly size: number;
  readonly link: number;
}

interface Version {
  readonly at: number;
  readonly hash: number;
  readonly index: number;
  readonly name: number;
}

/**
 * A copy of a 64-bit little-endian ELF shared object whose `__isoc23_*` imports bind to the plain functions
 * of the oldest glibc version of its machine. Throws when the file is not one, or imports anything else of
 * 2.38.
 */
export function relax(source: Uint8Array): Buffer {
  const bytes = Buffer.from(source);
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== ELF_MAGIC || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error('relax: not a 64-bit little-endian ELF file');
  }
  const sections = readSections(bytes);
  const symbols = section(sections, SECTION_DYNSYM);
  const strings = sections[symbols.link].at;
  const baseName = bytes.readUInt16LE(18) === MACHINE_ARM64 ? 'GLIBC_2.17' : 'GLIBC_2.2.5';
  const versions = readVersions(bytes, section(sections, SECTION_VERNEED).at, strings);
  const base = versions.find((version) => text(bytes, strings + version.name) === baseName);
  if (base === undefined) throw new Error(`relax: nothing of ${baseName} is imported`);
  const indexes = section(sections, SECTION_VERSYM).at;
  for (const version of versions) {
    if (text(bytes, strings + version.name) !== VERSION_WANTED_AWAY) continue;
    for (let at = 1; at < symbols.size / SYMBOL_BYTES; at++) {
      if ((bytes.readUInt16LE(indexes + at * 2) & 0x7fff) !== version.index) continue;
      const symbol = symbols.at + at * SYMBOL_BYTES;
      const name = text(bytes, strings + bytes.readUInt32LE(symbol));
      if (!name.startsWith(PREFIX)) throw new Error(`relax: unexpected import ${name}`);
      // The same string, behind its prefix: "strtol".
      bytes.writeUInt32LE(bytes.readUInt32LE(symbol) + PREFIX.length, symbol);
      bytes.writeUInt16LE(base.index, indexes + at * 2);
    }
    bytes.writeUInt32LE(base.hash, version.at);
    bytes.writeUInt32LE(base.name, version.at + 8);
  }
  return bytes;
}

function readSections(bytes: Buffer): Section[] {
  const start = Number(bytes.readBigUInt64LE(0x28));
  const size = bytes.readUInt16LE(0x3a);
  return Array.from({ length: bytes.readUInt16LE(0x3c) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at + 4),
      at: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  });
}

function section(sections: readonly Section[], type: number): Section {
  const found = sections.find((one) => one.type === type);
  if (found === undefined) throw new Error(`relax: no section of type ${type}`);
  return found;
}

/** The versions wanted of libc.so.6. */
function readVersions(bytes: Buffer, start: number, strings: number): Version[] {
  const versions: Version[] = [];
  for (let at = start; ; at += bytes.readUInt32LE(at + 12)) {
    const file = text(bytes, strings + bytes.readUInt32LE(at + 4));
    let aux = at + bytes.readUInt32LE(at + 8);
    for (let count = bytes.readUInt16LE(at + 2); count > 0; count--) {
      const name = bytes.readUInt32LE(aux + 8);
      const version = { at: aux, hash: bytes.readUInt32LE(aux), index: bytes.readUInt16LE(aux + 6), name };
      if (file === 'libc.so.6') versions.push(version);
      aux += bytes.readUInt32LE(aux + 12);
    }
    if (bytes.readUInt32LE(at + 12) === 0) return versions;
  }
}

function text(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}
