// An image as a whole into the cache, before it is judged: small documents as they are read, then every layer.
import { HarnessError, RegistryError } from '../../errors.ts'
import type { OciImage } from '../image/image.ts'
import { mapInParallel } from '../parallel.ts'
import type { RegistryReference } from '../image/reference.ts'
import type { Descriptor } from '../image/schemas.ts'
import { toFailure } from './failure.ts'
import type { FetchOptions } from './fetch.ts'
import type { RegistryAccess } from './access.ts'
import type { ContentStore } from '../store.ts'

export type Pull = { readonly reference: RegistryReference; readonly layers: readonly Descriptor[] }

export type PullOptions = {
  readonly signal?: AbortSignal | undefined
  /** A callback, once and before the first byte, with the number of bytes to come. */
  readonly onStart?: (bytes: number) => void
  readonly onBytes?: (bytes: number) => void
  readonly onTar?: FetchOptions['onTar']
}

/**
 * Reads every document of an image, so that it is in the cache, and lists its layers. What is wrong with the image is
 * kept by the access and passed over; a RegistryError goes through.
 */
export async function readDocuments(reference: RegistryReference, store: ContentStore, image: OciImage): Promise<Pull> {
  for (const child of image.children) await passOver(() => store.open(child))
  await passOver(() => image.childPlatforms())
  await passOver(() => image.config())
  // Where there are too many or too big ones for anybody to read, none is fetched.
  const layers = await passOver(async () => image.layers.map(({ descriptor }) => descriptor))
  return { reference, layers: layers ?? [] }
}

/**
 * Every layer of every image, a few at a time, each once. What is wrong with a layer is kept by the access; whatever
 * else fails ends the others too.
 */
export async function pullLayers(
  access: RegistryAccess,
  pulls: readonly Pull[],
  { signal, onStart, onBytes, onTar }: PullOptions = {},
): Promise<void> {
  const wanted = new Map<string, { readonly reference: RegistryReference; readonly layer: Descriptor }>()
  for (const { reference, layers } of pulls)
    for (const layer of layers)
      wanted.set(`${reference.registry}/${reference.repository}@${layer.digest}`, { reference, layer })
  const absent = new Map<string, number>()
  for (const { reference, layer } of wanted.values()) {
    const cached = await access.find(reference, layer)
    await cached?.close()
    if (cached === undefined) absent.set(layer.digest, layer.size)
  }
  onStart?.([...absent.values()].reduce((sum, size) => sum + size, 0))
  const ending = new AbortController()
  const signals = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  await mapInParallel([...wanted.values()], async ({ reference, layer }) => {
    if (ending.signal.aborted) return
    await access.ensure(reference, layer, { signal: signals, onBytes, onTar }).catch((error: unknown) => {
      if (toFailure(error) === undefined) ending.abort(error)
    })
  })
  // Only now, when all have ended and nothing is written any more.
  ending.signal.throwIfAborted()
}

async function passOver<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof HarnessError && !(error instanceof RegistryError)) return undefined
    throw error
  }
}
