// Authenticode of an EFI application: the digest that is signed, and the signature, as foxboron/go-uefi writes it for
// imager (siderolabs/talos internal/pkg/secureboot/pesign). One encoding only: what go-uefi never writes is MALFORMED.
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format#attribute-certificate-table-image-only and
// "Windows Authenticode Portable Executable Signature Format" (2008)
import { createHash } from 'node:crypto'
import { findNonNul } from '../../bytes/padding.ts'
import { chunkMemory, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import type { Pe } from './pe.ts'

export type SignatureBytes = { readonly bytes: Uint8Array; readonly offset: number }

const FORMAT = 'authenticode'
const CHECKSUM_OFFSET = 24 + 64
/** Entry 4 of the data directories of PE32+. */
const DIRECTORY_OFFSET = 24 + 112 + 4 * 8
const DIRECTORY_SIZE = 8
/** WIN_CERTIFICATE: dwLength, wRevision 2.0, wCertificateType PKCS#7. */
const ENTRY_HEADER_SIZE = 8
const REVISION_2 = 0x0200
const PKCS_SIGNED_DATA = 0x0002
const ALIGNMENT = 8
/** A signature with a chain of certificates has some 10 KiB. */
const MAX_TABLE = 1 << 20

/**
 * sha256 over the file without its checksum, the entry of its certificate table and that table. FormatError MALFORMED
 * where the table is not the end of the file.
 */
export async function authenticodeDigest(source: ByteSource, pe: Pe): Promise<Uint8Array> {
  const start = await peOffset(source)
  const end = tableOf(source, pe).offset
  const hash = createHash('sha256')
  const holes = [
    [start + CHECKSUM_OFFSET, 4],
    [start + DIRECTORY_OFFSET, DIRECTORY_SIZE],
    [end, 0],
  ] as const
  let at = 0
  for (const [offset, size] of holes) {
    for await (const chunk of source.stream(at, offset, chunkMemory(source))) hash.update(chunk)
    at = offset + size
  }
  return hash.digest()
}

/**
 * sha256, as hex digits, of the first `size` bytes with the entry of the certificate table empty: of the file as it was
 * before it was signed. TRUNCATED where it is smaller.
 */
export async function unsignedSha256(source: ByteSource, size: number): Promise<string> {
  const entry = (await peOffset(source)) + DIRECTORY_OFFSET
  const file = source.slice(0, size)
  const hash = createHash('sha256')
  for await (const chunk of file.stream(0, Math.min(entry, size))) hash.update(chunk)
  hash.update(Buffer.alloc(DIRECTORY_SIZE))
  for await (const chunk of file.stream(Math.min(entry + DIRECTORY_SIZE, size), size, chunkMemory(file)))
    hash.update(chunk)
  return hash.digest('hex')
}

/** The one signature of the certificate table. FormatError MALFORMED for another table, LIMIT_EXCEEDED above 1 MiB. */
export async function readSignature(source: ByteSource, pe: Pe): Promise<SignatureBytes> {
  const { offset, size } = tableOf(source, pe)
  if (size > MAX_TABLE)
    throw fail(
      'LIMIT_EXCEEDED',
      `expected a certificate table of at most ${MAX_TABLE} bytes, got ${size}`,
      source,
      offset,
    )
  const table = Buffer.from(await source.read(offset, size))
  const length = size < ENTRY_HEADER_SIZE ? 0 : table.readUInt32LE(0)
  const isOne = length > ENTRY_HEADER_SIZE && Math.ceil(length / ALIGNMENT) * ALIGNMENT === size
  if (!isOne) throw fail('MALFORMED', `expected one certificate of ${size} bytes, got one of ${length}`, source, offset)
  const kind = table.readUInt32LE(4)
  if (kind !== ((PKCS_SIGNED_DATA << 16) | REVISION_2))
    throw fail('MALFORMED', `expected a PKCS#7 certificate of revision 2.0, got 0x${kind.toString(16)}`, source, offset)
  if (findNonNul(table.subarray(length)) >= 0)
    throw fail('MALFORMED', 'expected zeros behind the certificate, got other bytes', source, offset + length)
  return { bytes: table.subarray(ENTRY_HEADER_SIZE, length), offset: offset + ENTRY_HEADER_SIZE }
}

function tableOf(source: ByteSource, { certificateTable }: Pe): Pe['certificateTable'] {
  const { offset, size } = certificateTable
  if (size > 0 && offset % ALIGNMENT === 0 && offset + size === source.size) return certificateTable
  throw fail('MALFORMED', `expected a certificate table at the end of the file, got ${size} bytes`, source, offset)
}

async function peOffset(source: ByteSource): Promise<number> {
  return Buffer.from(await source.read(0x3c, 4)).readUInt32LE()
}

function fail(code: 'MALFORMED' | 'LIMIT_EXCEEDED', message: string, { where }: ByteSource, offset: number) {
  return new FormatError(FORMAT, code, message, { at: { ...where, offset } })
}
