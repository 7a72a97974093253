// The contents of a candidate, for the reader of a verdict: its extensions and the origin of its bytes. Judges nothing.
import { basename } from 'node:path'
import { HarnessError } from '#harness/errors.ts'
import type { ExtensionImage } from '#harness/talos/extensions.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { SERVICE_SPEC_PATH, readServiceSpec } from '#harness/talos/extension/service-spec.ts'
import { accountOf } from '../account/image.ts'
import { sumsOf } from '../account/span.ts'
import type { Contents } from '../verdict/conformance.ts'
import type { OpenedPart } from './part.ts'

/** The first that there is is shown. */
const PARTS: readonly string[] = ['installer', 'assets', 'media']
/** Talos' own are below 2 KiB. */
const MAX_SERVICE_BYTES = 1 << 20
/** Upstream's extensions bring one each. */
const MAX_SERVICES = 64

/**
 * The contents of the installer, or of the asset tree or the medium where there is no installer; undefined where there is
 * none of them. What cannot be read is left out: the rules say what is wrong with it.
 */
export async function readContents(
  parts: readonly Pick<OpenedPart, 'part' | 'talos'>[],
): Promise<Contents | undefined> {
  const [shown] = parts.toSorted((a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part))
  if (shown === undefined) return undefined
  const { part, talos } = shown
  const extensions = await orAbsent(() => readExtensions(talos))
  const account = part !== 'installer' ? undefined : await orAbsent(async () => sumsOf(await accountOf(talos)))
  return {
    ...(extensions !== undefined && { extensions }),
    sizes: await readSizes(talos),
    ...(account !== undefined && { account }),
  }
}

async function readSizes(part: TalosPart): Promise<Contents['sizes']> {
  const kernel = await orAbsent(async () => (await part.kernel()).source.size)
  const initramfs = await orAbsent(() => part.initramfs())
  const files = await orAbsent(async () => [...(await part.files()).entries()])
  const all = files?.reduce((sum, { size }) => sum + size, 0)
  const baseInitramfs = initramfs?.base?.size
  const extensions = initramfs?.extensions.reduce((sum, { size }) => sum + size, 0)
  const other = all === undefined ? undefined : all - (kernel ?? 0) - (baseInitramfs ?? 0) - (extensions ?? 0)
  return {
    ...(kernel !== undefined && { kernel }),
    ...(baseInitramfs !== undefined && { baseInitramfs }),
    ...(extensions !== undefined && { extensions }),
    // A hostile UKI may claim one range of bytes for several sections.
    ...(other !== undefined && { other: Math.max(0, other) }),
  }
}

async function readExtensions(part: TalosPart): Promise<NonNullable<Contents['extensions']>> {
  const layers = await (await part.extensions()).layers()
  return Promise.all(
    layers.map(async ({ metadata: { name, version }, image }) => ({
      name,
      version,
      size: image?.data.size ?? 0,
      services: (await orAbsent(() => readServices(image))) ?? [],
    })),
  )
}

/** Names of its services; the file's name where the specification cannot be read. */
async function readServices(image: ExtensionImage | undefined): Promise<readonly string[]> {
  const tree = await (await image?.squashfs())?.tree()
  const files = [...(tree?.entries() ?? [])].filter(({ path }) => SERVICE_SPEC_PATH.test(path)).slice(0, MAX_SERVICES)
  return Promise.all(
    files.map(async ({ path, data }) => {
      const name = await orAbsent(async () =>
        data === undefined ? undefined : (await readServiceSpec(data, MAX_SERVICE_BYTES)).name,
      )
      return name ?? basename(path, '.yaml')
    }),
  )
}

/** The value; undefined for what a reader refuses; what is no error of a reader is a bug and is thrown. */
async function orAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}
