// Machine configurations inside a kernel command line: siderolabs/talos
// internal/app/machined/pkg/controllers/config/acquire.go, loadFromCmdline (v1.11 … main of August 2026).
import { decompress } from '../bytes/compression.ts'
import { bytesSource } from '../bytes/source.ts'
import { FormatError } from '../errors.ts'
import type { ConfigFile } from './document.ts'

/** Base64 of zstd; the values of all parameters of a name are one. */
const PARAMETERS = ['talos.config.early', 'talos.config.inline']
const MAX_BYTES = 8 << 20

/** By parameter, with its name as path. FormatError `command-line` MALFORMED for what is no base64; errors of zstd. */
export async function inlineConfigurations(parameters: readonly string[]): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = []
  for (const path of PARAMETERS) {
    const values = parameters.flatMap((one) => (one.startsWith(`${path}=`) ? [one.slice(path.length + 1)] : []))
    if (values.length > 0) files.push({ path, bytes: await decode(values.join(''), path) })
  }
  return files
}

async function decode(text: string, path: string): Promise<Uint8Array> {
  const packed = Buffer.from(text, 'base64')
  if (packed.toString('base64') !== text)
    throw new FormatError('command-line', 'MALFORMED', `expected base64 as ${path}, got another text`, { at: { path } })
  const chunks: Uint8Array[] = []
  for await (const chunk of decompress(bytesSource(packed, { path }), 'zstd', { format: path, maxBytes: MAX_BYTES }))
    chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
