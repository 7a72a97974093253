// META's values in a variable: siderolabs/talos pkg/machinery/meta/meta.go, Encode and DecodeValues (v1.11 … main of August
// 2026). Where an output has no META partition, imager hands them to the installer so, on the command line.
import { decompress } from '../../bytes/compression.ts'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'

export type MetaValue = { readonly key: number; readonly value: string }

const FORMAT = 'meta'
const VARIABLE = 'talos.environment=INSTALLER_META_BASE64='
const MAX_BYTES = 1 << 20
const GZIP = '1f8b'
const MIN_GZIP = 10
const MAX_KEY = 255

/** The parameters among `parameters` that carry META's values, decoded; errors of parseMetaValues. */
export async function metaOnCommandLine(parameters: readonly string[]): Promise<readonly (readonly MetaValue[])[]> {
  const texts = parameters.filter((one) => one.startsWith(VARIABLE))
  return Promise.all(texts.map((one) => parseMetaValues(one.slice(VARIABLE.length))))
}

/** Values as the variable has them, before base64. */
export function metaBytes(values: readonly MetaValue[]): Buffer {
  return Buffer.from(values.map(({ key, value }) => `0x${key.toString(16)}=${value}`).join(';'))
}

/** The parameter for values, as imager writes those that it does not compress: up to 256 bytes. */
export function metaParameter(values: readonly MetaValue[]): string {
  return `${VARIABLE}${metaBytes(values).toString('base64')}`
}

/** Values in base64, of gzip or not. FormatError MALFORMED, errors of gzip. */
export async function parseMetaValues(text: string): Promise<readonly MetaValue[]> {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw malformed('base64', 'another text')
  if (bytes.length === 0) return []
  const isPacked = bytes.length >= MIN_GZIP && bytes.toString('hex', 0, 2) === GZIP
  const content = isPacked ? await unpack(bytes) : bytes
  return content
    .toString()
    .split(';')
    .map((pair) => {
      const at = pair.indexOf('=')
      const key = at < 0 ? NaN : keyOf(pair.slice(0, at))
      if (!(key >= 0 && key <= MAX_KEY)) throw malformed('KEY=VALUE with a key up to 255', 'another text')
      return { key, value: pair.slice(at + 1) }
    })
}

/** A number as strconv.ParseUint(…, 0, 8) reads it. */
function keyOf(text: string): number {
  return /^(?:0x[0-9a-f]{1,8}|0b[01]{1,32}|0o[0-7]{1,11}|[1-9]\d{0,9}|0)$/i.test(text)
    ? Number(text)
    : /^0[0-7]{1,11}$/.test(text)
      ? Number.parseInt(text, 8)
      : NaN
}

async function unpack(bytes: Uint8Array): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const source = bytesSource(bytes, { path: VARIABLE })
  for await (const chunk of decompress(source, 'gzip', { format: FORMAT, maxBytes: MAX_BYTES }))
    chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function malformed(expected: string, got: string): FormatError {
  return new FormatError(FORMAT, 'MALFORMED', `expected ${expected}, got ${got}`, { at: { path: VARIABLE } })
}
