// The image that is started: opened as a candidate is, with what it lists and what boots of it.
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { describeError, HarnessError, orAbsent } from '#harness/errors.ts'
import { parseSuperblock, SUPERBLOCK_SIZE } from '#harness/formats/squashfs/superblock.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { ListedLayer, ObservedBoot } from '#specs/support/boot/rule.ts'
import { openRegistries, parseGiven } from '../cli/candidates.ts'
import { UsageError } from '../cli/command-line.ts'
import { startProgress } from '../cli/progress.ts'
import { describeAbout } from '../judge/candidates/candidates.ts'
import type { OpenedPart } from '../judge/candidates/part.ts'
import { openParts } from '../judge/candidates/parts.ts'
import { pullParts } from '../judge/candidates/pull.ts'
import type { BootOptions } from './options.ts'

export type BootImage = {
  readonly name: string
  readonly part: OpenedPart
  readonly variant: string | undefined
  /** The members of a boot that are known before anything starts. */
  readonly lists: Pick<ObservedBoot, 'layers' | 'unlisted' | 'commandLine' | 'talos'>
  readonly close: () => Promise<void>
}

/** UsageError, in one sentence, for what is no image; what its layers lack is in `lists`. */
export async function openBootImage(options: BootOptions, contract: Contract, signal: AbortSignal): Promise<BootImage> {
  const given = parseGiven(options.reference)
  const name = renderReference(given)
  const { cache: cacheFolder = defaultCacheFolder(), limit: limits } = options
  const registry = await openRegistries([given], options, { cacheFolder, signal, limits })
  let parts: readonly OpenedPart[] = []
  const close = async (): Promise<void> => {
    await Promise.all(parts.map(({ talos }) => talos.close()))
    await registry?.close()
  }
  try {
    parts = await openParts(given, undefined, { cacheFolder, registry, limits })
    if (registry !== undefined)
      await pullParts(registry, parts, { signal, startProgress: () => startProgress(process.stderr) })
    const [part] = parts
    if (part === undefined) throw new UsageError(`${name} has nothing that boots`)
    return { name, part, variant: part.labels[contract.labels.variant], lists: await listsOf(part), close }
  } catch (error) {
    await close()
    if (error instanceof HarnessError) throw new UsageError(`${name}: ${describeAbout(given, error)}`, { cause: error })
    throw error
  }
}

/** What cannot be read is left out: the rules of `npm test` say what is wrong. */
async function listsOf({ talos }: OpenedPart): Promise<BootImage['lists']> {
  const commandLine = await orAbsent(() => talos.commandLine())
  const claimed = await orAbsent(() => talos.claimedTalos())
  const known = {
    ...(commandLine !== undefined && { commandLine }),
    ...(claimed !== undefined && { talos: claimed }),
  }
  try {
    return { ...known, layers: await layersOf(talos) }
  } catch (error) {
    if (error instanceof HarnessError) return { ...known, unlisted: describeError(error) }
    throw error
  }
}

async function layersOf(talos: OpenedPart['talos']): Promise<readonly ListedLayer[]> {
  const layers = await (await talos.extensions()).layers()
  return Promise.all(
    layers.map(async ({ name: image, metadata: { name, version }, image: found }) => {
      const compression = found && (await orAbsent(() => readCompression(found.data)))
      return { image, name, version, ...(compression !== undefined && { compression }) }
    }),
  )
}

/** As the kernel calls it. */
async function readCompression(data: ByteSource): Promise<string> {
  const { compression } = parseSuperblock(await data.read(0, SUPERBLOCK_SIZE), data.size, data.where)
  return compression === 'gzip' ? 'zlib' : compression
}
