// The certificates built into a kernel (`system_certificate_list`, certs/system_certificates.S of Linux 6.12): DER
// certificates one behind another, in a decompressed Image, found by their first bytes.
import { X509Certificate } from 'node:crypto'
import { CHUNK_SIZE, chunkMemory, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { parseCertificateIdentity } from '../der/certificate.ts'

/** `[0] { INTEGER 2 }, INTEGER`: version 3 and the tag of the serial number. What follows two sequence headers. */
const PATTERN = Buffer.from([0xa0, 0x03, 0x02, 0x01, 0x02, 0x02])
/** The size of both sequence headers with two bytes of length each; a shorter certificate has less. */
const MAX_HEADERS = 8
/** RSA 8192 with generous extensions is below 8 KiB. */
const MAX_CERTIFICATE = 32 << 10
/** A kernel has one to a few dozen certificates, and six bytes hardly ever occur by chance. */
const MAX_CANDIDATES = 4096

/**
 * Every X.509 v3 certificate in `image`, in order, each once. What looks like one and is none is passed over. FormatError
 * `kernel certificates` LIMIT_EXCEEDED for more than 4096 places that look like one.
 */
export async function findCertificates(image: ByteSource): Promise<readonly X509Certificate[]> {
  const found = new Map<string, X509Certificate>()
  let candidates = 0
  for await (const position of findPattern(image)) {
    if (++candidates > MAX_CANDIDATES)
      throw new FormatError(
        'kernel certificates',
        'LIMIT_EXCEEDED',
        `expected at most ${MAX_CANDIDATES} places that look like a certificate, got more`,
        { at: { ...image.where, offset: position } },
      )
    const range = await candidateRange(image, position)
    if (range === undefined) continue
    const certificate = parseCertificate(await image.read(range.start, range.length))
    if (certificate !== undefined) found.set(certificate.fingerprint256, certificate)
  }
  return [...found.values()]
}

/** Offsets of the pattern; a piece of each chunk is kept, for those that span two. */
async function* findPattern(image: ByteSource): AsyncGenerator<number, void, void> {
  const overlap = PATTERN.length - 1
  const window = Buffer.alloc(overlap + CHUNK_SIZE)
  let kept = 0
  let base = 0
  for await (const chunk of image.stream(0, image.size, chunkMemory(image))) {
    window.set(chunk, kept)
    const length = kept + chunk.length
    const view = window.subarray(0, length)
    for (let at = view.indexOf(PATTERN); at >= 0; at = view.indexOf(PATTERN, at + 1)) yield base + at
    kept = Math.min(overlap, length)
    window.copyWithin(0, length - kept, length)
    base += length - kept
  }
}

/** The certificate whose version is at `position`, by the two sequence headers before it. */
async function candidateRange(
  image: ByteSource,
  position: number,
): Promise<{ readonly start: number; readonly length: number } | undefined> {
  const before = Math.min(MAX_HEADERS, position)
  const headers = await image.read(position - before, before)
  const inner = headerBefore(headers, before)
  if (inner === undefined) return undefined
  const outer = headerBefore(headers, inner.start)
  if (outer === undefined) return undefined
  const start = position - before + outer.start
  const length = inner.start - outer.start + outer.length
  const fits = length <= MAX_CERTIFICATE && start + length <= image.size
  return fits ? { start, length } : undefined
}

/** A SEQUENCE header (`30 82 hh ll` or `30 81 ll`) that ends at `end`. */
function headerBefore(bytes: Uint8Array, end: number): { readonly start: number; readonly length: number } | undefined {
  const at = (back: number) => bytes[end - back]
  const high = at(2) ?? 0
  const low = at(1) ?? 0
  if (at(4) === 0x30 && at(3) === 0x82) return { start: end - 4, length: high * 256 + low }
  if (at(3) === 0x30 && high === 0x81) return { start: end - 3, length: low }
  return undefined
}

function parseCertificate(bytes: Uint8Array): X509Certificate | undefined {
  try {
    parseCertificateIdentity(bytes)
    return new X509Certificate(bytes)
  } catch (error) {
    if (error instanceof FormatError || isOpensslError(error)) return undefined
    throw error
  }
}

function isOpensslError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')
}
