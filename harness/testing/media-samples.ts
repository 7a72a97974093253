// Small volumes and disks as bytes, written field by field; for tests of their readers.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const SECTOR = 512
const CLUSTERS = 9

/**
 * A FAT32 volume with clusters of one sector, boot sector, one reserved sector, two tables of one sector: `Long name.conf` in
 * clusters 3 and 5, whose short name may be another, `boot` in 4 with `A.efi` in 7.
 */
export function fatSample(shortName = 'LONGNA~1CON'): Uint8Array {
  const bytes = Buffer.alloc((4 + CLUSTERS) * SECTOR)
  bytes.writeUInt16LE(SECTOR, 11)
  bytes[13] = 1
  bytes.writeUInt16LE(2, 14)
  bytes[16] = 2
  bytes.writeUInt16LE(4 + CLUSTERS, 19)
  bytes.writeUInt32LE(1, 36)
  bytes.writeUInt32LE(2, 44)
  bytes.writeUInt32LE(0x1234_abcd, 67)
  bytes.writeUInt16LE(0xaa55, 510)
  const end = 0x0fff_ffff
  for (const table of [2, 3])
    for (const [cluster, next] of [0x0fff_fff8, end, end, 5, end, end, 0, end].entries())
      bytes.writeUInt32LE(next, table * SECTOR + cluster * 4)
  const at = (cluster: number): number => (4 + cluster - 2) * SECTOR
  const file = directoryEntry(shortName, 0x20, 0, 3, 700)
  const root = [
    directoryEntry('EFI        ', 0x08, 0, 0, 0),
    ...longName('Long name.conf', file),
    file,
    directoryEntry('BOOT       ', 0x10, 0x08, 4, 0),
  ]
  bytes.set(Buffer.concat(root), at(2))
  const folder = [
    directoryEntry('.          ', 0x10, 0, 4, 0),
    directoryEntry('..         ', 0x10, 0, 0, 0),
    directoryEntry('A       EFI', 0x20, 0x10, 7, 3),
  ]
  bytes.set(Buffer.concat(folder), at(4))
  bytes.fill('a', at(3), at(4))
  bytes.fill('b', at(5), at(5) + 188)
  bytes.write('efi', at(7))
  return bytes
}

function directoryEntry(name: string, attributes: number, nameCase: number, cluster: number, size: number): Buffer {
  const bytes = Buffer.alloc(32)
  bytes.write(name, 'latin1')
  bytes[11] = attributes
  bytes[12] = nameCase
  bytes.writeUInt16LE(cluster, 26)
  bytes.writeUInt32LE(size, 28)
  return bytes
}

function longName(name: string, short: Buffer): readonly Buffer[] {
  const checksum = short.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0)
  const offsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
  return [1, 0].map((part) => {
    const bytes = Buffer.alloc(32, 0xff)
    bytes[0] = part + 1 + (part === 1 ? 0x40 : 0)
    bytes.set([0x0f, 0, checksum], 11)
    bytes.writeUInt16LE(0, 26)
    for (const [index, offset] of offsets.entries()) {
      const place = part * offsets.length + index
      if (place <= name.length) bytes.writeUInt16LE(place < name.length ? name.charCodeAt(place) : 0, offset)
    }
    return bytes
  })
}

/** A disk of 64 sectors with one partition, `EFI` in sectors 40 to 43. */
export function gptSample(): Uint8Array {
  const bytes = Buffer.alloc(80 * SECTOR)
  bytes.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 79], 446)
  bytes.writeUInt16LE(0xaa55, 510)
  const entries = Buffer.alloc(128 * 128)
  entries.set(Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex'))
  entries.fill(0x11, 16, 32)
  entries.writeUInt32LE(40, 32)
  entries.writeUInt32LE(43, 40)
  entries.write('EFI', 56, 'utf16le')
  for (const [own, other, table] of [
    [1, 79, 2],
    [79, 1, 47],
  ] as const) {
    const header = Buffer.alloc(92)
    header.write('EFI PART\0\0\u0001\0', 'latin1')
    header.writeUInt32LE(92, 12)
    header.writeUInt32LE(own, 24)
    header.writeUInt32LE(other, 32)
    header.writeUInt32LE(34, 40)
    header.writeUInt32LE(46, 48)
    header.fill(0x22, 56, 72)
    header.writeUInt32LE(table, 72)
    header.writeUInt32LE(128, 80)
    header.writeUInt32LE(128, 84)
    header.writeUInt32LE(crc32(entries), 88)
    header.writeUInt32LE(crc32(header), 16)
    bytes.set(header, own * SECTOR)
    bytes.set(entries, table * SECTOR)
  }
  return bytes
}

const META_COPY = 256 << 10

/** A META partition with one value, tag 0x0a, in both copies. */
export function metaSample(): Uint8Array {
  const copy = Buffer.alloc(META_COPY)
  copy.set([0x5a, 0x4b, 0x3c, 0x2d, 0, 0, 0, 0x0a, 0, 0, 0, 2, 0x68, 0x69])
  copy.set([0xa5, 0xb4, 0xc3, 0xd2], META_COPY - 4)
  copy.set(createHash('sha256').update(copy).digest(), META_COPY - 36)
  return Buffer.concat([copy, copy, Buffer.alloc(2 * META_COPY)])
}

const ISO_SECTOR = 2048

/** An ISO with a descriptor, an El Torito catalogue at sector 19, a root directory at 20 and one file, `Name.conf`, at 21. */
export function isoSample(): Uint8Array {
  const bytes = Buffer.alloc(22 * ISO_SECTOR)
  const at = (sector: number): number => sector * ISO_SECTOR
  bytes.write('\u0001CD001\u0001', at(16), 'latin1')
  bytes.write('VOLUME'.padEnd(32), at(16) + 40, 'latin1')
  bytes.write('Set'.padEnd(128), at(16) + 190, 'latin1')
  const root = isoRecord('\0', 20, ISO_SECTOR, 2)
  bytes.set(root, at(16) + 156)
  bytes.write('\0CD001\u0001EL TORITO SPECIFICATION', at(17), 'latin1')
  bytes.writeUInt32LE(19, at(17) + 0x47)
  bytes.write('\u00ffCD001\u0001', at(18), 'latin1')
  bytes.set([1, 0xef], at(19))
  bytes.writeUInt16LE(0xaa55, at(19) + 30)
  bytes[at(19) + 32] = 0x88
  bytes.writeUInt32LE(21, at(19) + 40)
  bytes.set(
    Buffer.concat([root, isoRecord('\u0001', 20, ISO_SECTOR, 2), isoRecord('NAME.CON;1', 21, 5, 0, 'Name.conf')]),
    at(20),
  )
  bytes.write('hello', at(21))
  return bytes
}

function isoRecord(name: string, sector: number, size: number, flags: number, rockRidge?: string): Buffer {
  const head = 33 + name.length + (name.length % 2 === 0 ? 1 : 0)
  const names = rockRidge === undefined ? Buffer.alloc(0) : Buffer.from(`NM\0\u0001\0${rockRidge}`)
  if (names.length > 0) names[2] = names.length
  const bytes = Buffer.alloc(head + names.length)
  bytes[0] = bytes.length
  bytes.writeUInt32LE(sector, 2)
  bytes.writeUInt32LE(size, 10)
  bytes.set([126, 11, 26, 0, 0, 0, 0, flags], 18)
  bytes[32] = name.length
  bytes.write(name, 33, 'latin1')
  bytes.set(names, head)
  return bytes
}

/** GUIDs as they are stored. */
const X509 = 'a159c0a5e494a74a87b5ab155c2bf072'
const SHA256 = '2616c4c14c509240aca941f936934328'
const PKCS7 = '9dd2af4adf68ee498aa9347d375665a7'
const OWNER = '00112233445566778899aabbccddeeff'
const SIGNATURE = Buffer.from('3000', 'hex')

export type ListedKey = {
  /** A certificate in DER, or the SHA-256 of a program. */
  readonly data: Uint8Array
  readonly isHash?: boolean
  readonly owner?: string
}

/** The content of `db.auth`: one list a key, behind a signature of two bytes that nobody verifies. */
export function signatureLists(keys: readonly ListedKey[]): Uint8Array {
  const header = Buffer.alloc(40)
  header.writeUInt16LE(2026, 0)
  header.writeUInt32LE(24 + SIGNATURE.length, 16)
  header.writeUInt16LE(0x0200, 20)
  header.writeUInt16LE(0x0ef1, 22)
  header.write(PKCS7, 24, 'hex')
  const lists = keys.map(({ data, isHash = false, owner = OWNER }) => {
    const list = Buffer.alloc(44 + data.length)
    list.write(isHash ? SHA256 : X509, 0, 'hex')
    list.writeUInt32LE(list.length, 16)
    list.writeUInt32LE(16 + data.length, 24)
    list.write(owner, 28, 'hex')
    list.set(data, 44)
    return list
  })
  return Buffer.concat([header, SIGNATURE, ...lists])
}
