// The facts of one image that it is compared by, as plain JSON: kept in the cache by the digest of its manifest.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { sha256Hex } from '#harness/bytes/digest.ts'
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import { FormatError, IntegrityError, orAbsent } from '#harness/errors.ts'
import { moduleName, parseModulesAlias } from '#harness/formats/modules/index.ts'
import type { OciImage } from '#harness/oci/image/image.ts'
import { describeImage } from '#harness/talos/description/description.ts'
import { SYSTEMD_BOOT_PATH } from '#harness/talos/installer.ts'
import { bootSchema, extensionSchema, sortBy, ukiSchema } from '#harness/talos/description/schema.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { TalosPart } from '#harness/talos/part.ts'

const MAX_INDEX_BYTES = 32 << 20
/** Genuine images have some ten; the rest of more is one piece of each part. */
const MAX_PIECES = 100
const OTHERS = 'all others'
const names = z.array(z.string()).readonly()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** `rootfs.sqsh` of the base, `zfs` and `firmware` of the extensions. */
export const pieceSchema = z.strictObject({
  part: z.enum(['kernel', 'base', 'extensions']),
  name: z.string(),
  bytes: z.int(),
})
export type Piece = Readonly<z.infer<typeof pieceSchema>>

export const imageFactsSchema = z.strictObject({
  talos: z.string().optional(),
  boot: bootSchema,
  uki: ukiSchema.optional(),
  /** Digest of the picture of the boot menu. */
  splash: sha256.optional(),
  /** Digests of what boots, by what it is called: the bytes that a description of versions and names does not have. */
  contents: z.record(z.string(), sha256),
  extensions: z.array(extensionSchema).readonly(),
  /** Aliases of devices by the module that drives them, extensions included. */
  aliases: z.record(z.string(), names),
  /** Files below usr/lib/firmware that imager took out of the extensions. */
  firmware: z.array(z.strictObject({ path: z.string(), sha256 })).readonly(),
  /** Bytes as stored: `all` of config and layers, the others inside of them. */
  sizes: z.strictObject({ all: z.int().optional(), kernel: z.int(), base: z.int(), extensions: z.int() }),
  /** What boots, piece by piece: the kernel as stored, the others as they are unpacked into memory. */
  pieces: z.array(pieceSchema).readonly(),
})

export type ImageFacts = Readonly<z.infer<typeof imageFactsSchema>>

/**
 * Reads the whole part. Errors of its readers; IntegrityError DIGEST_MISMATCH for a blob that is not what its descriptor
 * names: what is kept by a digest must be of the bytes that have it.
 */
export async function readImageFacts(part: TalosPart, image: OciImage | undefined): Promise<ImageFacts> {
  const { talos, boot, uki, extensions } = await describeImage(part)
  if (image !== undefined) await assertWhole(image)
  const initramfs = await part.initramfs()
  const splash = uki?.sections.includes('.splash') === true ? (await part.uki()).first('.splash') : undefined
  const manifest = await image?.manifest()
  const kernel = (await part.kernel()).source.size
  return {
    ...(talos !== undefined && { talos }),
    boot,
    ...(uki !== undefined && { uki }),
    ...(splash !== undefined && { splash: await sha256Hex(splash) }),
    contents: await readContents(part),
    extensions,
    aliases: await readAliases(part),
    firmware: await readFirmware(part),
    sizes: {
      ...(manifest !== undefined && {
        all: manifest.layers.reduce((sum, { size }) => sum + size, manifest.config.size),
      }),
      kernel,
      base: initramfs.base?.size ?? 0,
      extensions: initramfs.extensions.reduce((sum, { size }) => sum + size, 0),
    },
    pieces: [{ part: 'kernel', name: 'kernel', bytes: kernel }, ...(await readPieces(part))],
  }
}

/** Sections of a UKI that are compared by themselves, as is the first command line; `.pcrsig` is a signature of the others. */
const TOLD: ReadonlySet<string> = new Set(['.linux', '.initrd', '.splash', '.pcrsig'])

async function readContents(part: TalosPart): Promise<ImageFacts['contents']> {
  const contents = new Map<string, string>([['kernel', await sha256Hex((await part.kernel()).source)]])
  const { base } = await part.initramfs()
  if (base !== undefined) contents.set('base initramfs', await sha256Hex(base.data))
  const boot = (await part.files()).get(SYSTEMD_BOOT_PATH)?.data
  if (boot !== undefined) contents.set('systemd-boot', await sha256Hex(boot))
  const uki = await orAbsent(() => part.uki())
  const first = uki?.appended.find(({ name }) => name === '.cmdline')
  for (const section of uki?.appended ?? []) {
    const { name } = section
    if (section !== first && !TOLD.has(name))
      contents.set(`UKI ${name}`, await joined(contents.get(`UKI ${name}`), section.data()))
  }
  for (const { data } of uki?.stubSections ?? [])
    contents.set('systemd-stub', await joined(contents.get('systemd-stub'), data()))
  return Object.fromEntries(contents)
}

/** The digest of a section, or of all of its name so far. */
async function joined(before: string | undefined, data: ByteSource): Promise<string> {
  const own = await sha256Hex(data)
  return before === undefined
    ? own
    : createHash('sha256')
        .update(before + own)
        .digest('hex')
}

/** Files of one name make one piece; the firmware of all extensions another, for imager mixes it. */
async function readPieces(part: TalosPart): Promise<readonly Piece[]> {
  const { base, extensions } = await part.initramfs()
  const layers = await (await part.extensions()).layers()
  const extensionIn = new Map(layers.map(({ name, metadata }) => [name, metadata.name]))
  const sums = new Map<string, Piece>()
  const rest = new Map<Piece['part'], number>()
  const add = (of: Piece['part'], name: string, bytes: number): void => {
    const before = sums.get(`${of} ${name}`)?.bytes ?? 0
    if (bytes > 0) sums.set(`${of} ${name}`, { part: of, name, bytes: before + bytes })
  }
  for (const { path, size } of (await base?.archive())?.entries ?? []) add('base', path, size)
  for (const segment of extensions)
    for (const { path, size } of (await segment.archive()).entries)
      add('extensions', path.startsWith(`${FIRMWARE_FOLDER}/`) ? 'firmware' : (extensionIn.get(path) ?? path), size)
  const largest = [...sums.values()].toSorted((a, b) => b.bytes - a.bytes)
  for (const { part: of, bytes } of largest.splice(MAX_PIECES)) rest.set(of, (rest.get(of) ?? 0) + bytes)
  const others = [...rest].map(([of, bytes]) => ({ part: of, name: OTHERS, bytes }))
  return sortBy([...largest, ...others], ({ part: of, name }) => `${of} ${name}`)
}

async function assertWhole(image: OciImage): Promise<void> {
  for (const { claimed, computed, where, role } of await image.blobs()) {
    // Of an index the images for other machines need not be there.
    if (computed === undefined || (computed.digest === claimed.digest && computed.size === claimed.size)) continue
    throw new IntegrityError('DIGEST_MISMATCH', `${role}: expected ${claimed.digest}, got ${computed.digest}`, {
      at: where,
      got: computed.digest,
      want: claimed.digest,
      bytesRead: computed.size,
    })
  }
}

/** Of the indexes of a node, which the last layer brings. */
async function readAliases(part: TalosPart): Promise<ImageFacts['aliases']> {
  const { tree } = await part.modules()
  const aliases = new Map<string, string[]>()
  for (const { path, data } of tree.under(MODULES_FOLDER)) {
    if (data === undefined || !/^usr\/lib\/modules\/[^/]+\/modules\.alias$/.test(path)) continue
    for (const { alias, module } of parseModulesAlias(await readAll(data, MAX_INDEX_BYTES), data.where)) {
      const name = moduleName(module)
      const own = aliases.get(name)
      if (own === undefined) aliases.set(name, [alias])
      else own.push(alias)
    }
  }
  return Object.fromEntries([...aliases].map(([name, own]) => [name, own.toSorted()]))
}

async function readFirmware(part: TalosPart): Promise<ImageFacts['firmware']> {
  const { extensions, base } = await part.initramfs()
  if (base === undefined) throw new FormatError('initramfs', 'MALFORMED', 'expected a base segment, got none')
  const firmware = new Map<string, string>()
  for (const segment of extensions)
    for (const { path, data } of (await segment.archive()).tree.under(FIRMWARE_FOLDER))
      if (data !== undefined) firmware.set(path.slice(FIRMWARE_FOLDER.length + 1), await sha256Hex(data))
  return [...firmware].map(([path, hash]) => ({ path, sha256: hash })).toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
