// Finds what a decompressed kernel image says about itself: its banner and its embedded configuration.
// linux: init/version.c (linux_banner), kernel/configs.c (IKCONFIG), Documentation/kbuild/kconfig-language.rst
import { decompress } from '../../bytes/compression.ts'
import { CHUNK_SIZE, chunkMemory, memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'

/**
 * Values by option name, `CONFIG_` included: `y`, `m`, `n` (not set), a number as written, a string without its quotes.
 */
export type KernelConfig = ReadonlyMap<string, string>

/** Release, user, host, compiler, linker and build time; the kernels we have seen need less than 200 bytes. */
const MAX_BANNER_SIZE = 1024
const BANNER = 'Linux version '
const CONFIG_START = 'IKCFG_ST'
const CONFIG_END = 'IKCFG_ED'
/** The start mark with the gzip header behind it, so that the mark alone in some text is no configuration. */
const CONFIG_NEEDLE = Buffer.from(`${CONFIG_START}\x1f\x8b\x08`, 'latin1')
/** Some ten thousand options of some thirty bytes are far below both. */
const MAX_COMPRESSED_CONFIG = 1 << 20
const MAX_CONFIG = 4 << 20
/** Values are words, numbers and short strings; beyond this a regular expression should not be asked. */
const MAX_LINE_LENGTH = 16 << 10
const FORMAT = 'kernel config'

/** `Linux version 6.12.57-talos (…) #1 SMP …`, without its newline; undefined when there is none. */
export async function findKernelBanner(image: ByteSource): Promise<string | undefined> {
  for await (const { window } of windows(image)) {
    const banner = findBanner(window)
    if (banner !== undefined) return banner
  }
  return undefined
}

/** The embedded configuration; undefined when there is none. Errors: TRUNCATED, LIMIT_EXCEEDED, MALFORMED. */
export async function readKernelConfig(image: ByteSource): Promise<KernelConfig | undefined> {
  for await (const { window, base } of windows(image)) {
    const configAt = findConfig(window, base)
    if (configAt !== undefined) return readConfigAt(image, configAt)
  }
  return undefined
}

/** `6.12.57-talos`: the third word of a banner. Errors: MALFORMED when there is none. */
export function kernelReleaseOf(banner: string, where: Location = {}): string {
  const release = /^Linux version (\S+)/.exec(banner)?.[1]
  if (release !== undefined) return release
  throw new FormatError('kernel banner', 'MALFORMED', 'expected "Linux version" and a release, got neither', {
    at: where,
  })
}

/** A `.config` file. Errors: MALFORMED at a line that is no option, comment or empty; LIMIT_EXCEEDED at a long one. */
export function parseKernelConfig(text: string, where: Location): KernelConfig {
  const config = new Map<string, string>()
  let offset = 0
  for (const line of text.split('\n')) {
    if (line.length > MAX_LINE_LENGTH)
      throw new FormatError(
        FORMAT,
        'LIMIT_EXCEEDED',
        `expected lines of ${MAX_LINE_LENGTH} characters, got ${line.length}`,
        {
          at: { ...where, offset },
        },
      )
    const unset = /^# (CONFIG_\w+) is not set$/.exec(line)
    const set = /^(CONFIG_\w+)=(?:"((?:[^"\\]|\\.)*)"|([^"\s]+))$/.exec(line)
    if (unset?.[1] !== undefined) config.set(unset[1], 'n')
    else if (set?.[1] !== undefined) config.set(set[1], set[3] ?? set[2]?.replace(/\\(.)/g, '$1') ?? '')
    else if (line !== '' && !line.startsWith('#'))
      throw new FormatError(FORMAT, 'MALFORMED', `expected CONFIG_X=value, got ${JSON.stringify(line.slice(0, 80))}`, {
        at: { ...where, offset },
      })
    offset += Buffer.byteLength(line) + 1
  }
  return config
}

type Window = { readonly window: Buffer; readonly base: number }

/**
 * The chunks of a source, each with the end of the one before it, so that no match is cut. A window holds until the
 * next.
 */
async function* windows(source: ByteSource): AsyncGenerator<Window, void, void> {
  const memory = Buffer.alloc(MAX_BANNER_SIZE + CHUNK_SIZE)
  let kept = 0
  let base = 0
  for await (const chunk of source.stream(0, source.size, chunkMemory(source))) {
    memory.set(chunk, kept)
    const length = kept + chunk.length
    yield { window: memory.subarray(0, length), base }
    kept = Math.min(MAX_BANNER_SIZE, length)
    memory.copyWithin(0, length - kept, length)
    base += length - kept
  }
}

/** The first banner that begins and ends in this window: a release digit behind the words, a newline before a NUL. */
function findBanner(window: Buffer): string | undefined {
  for (let at = window.indexOf(BANNER); at !== -1; at = window.indexOf(BANNER, at)) {
    const text = window.subarray(at, at + MAX_BANNER_SIZE)
    const length = text.findIndex((byte) => byte === 0x0a || byte === 0)
    const digit = text[BANNER.length] ?? 0
    if (length !== -1 && text[length] === 0x0a && digit >= 0x30 && digit <= 0x39)
      return text.toString('latin1', 0, length)
    // A banner is a C string of its own, so none begins before this one ends: every byte is looked at once.
    at += length === -1 ? text.length : length
  }
  return undefined
}

function findConfig(window: Buffer, base: number): number | undefined {
  const at = window.indexOf(CONFIG_NEEDLE)
  return at === -1 ? undefined : base + at + CONFIG_START.length
}

async function readConfigAt(image: ByteSource, start: number): Promise<KernelConfig> {
  const rest = await image.read(start, Math.min(MAX_COMPRESSED_CONFIG, image.size - start))
  const length = Buffer.from(rest.buffer, rest.byteOffset, rest.byteLength).indexOf(CONFIG_END)
  if (length === -1)
    throw new FormatError(FORMAT, 'TRUNCATED', `expected ${CONFIG_END} within ${rest.length} bytes, got none`, {
      at: { ...image.where, offset: start },
    })
  const where = memberLocation(image.where, 'config.gz')
  const chunks: Uint8Array[] = []
  const limits = { format: FORMAT, maxBytes: MAX_CONFIG }
  for await (const chunk of decompress(image.slice(start, length, where), 'gzip', limits))
    chunks.push(Uint8Array.from(chunk))
  return parseKernelConfig(Buffer.concat(chunks).toString(), where)
}
