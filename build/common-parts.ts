// The parts that variants of one release have in common, each read and squashed once for all of them.
import { join } from 'node:path'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { lazy } from '#harness/lazy.ts'
import { inTurns } from '#harness/oci/parallel.ts'
import type { PinnedExtension } from '#specs/contract/lock.ts'
import { openBase, type Base } from './base.ts'
import { readExtension, squash, toSquashFiles, type Extension, type SquashStyle } from './initramfs/extension.ts'
import type { Plan } from './plan.ts'
import type { UpstreamParts } from './upstream/upstream.ts'

/** An open squashfs of an extension. */
type Layer = { readonly data: ByteSource }

export type CommonParts = AsyncDisposable & {
  /** Errors of `openBase`. */
  base(): Promise<Base>
  /** Errors of `readExtension`; a few are read at once. */
  extension(pinned: PinnedExtension): Promise<Extension>
  /** The extension as a layer; errors of `toSquashFiles` and of the file system. */
  layer(pinned: PinnedExtension, workers: number): Promise<Layer>
}

/** The parts of variants whose plans are of one lock, as `plan` is. Files are made in `folder`, which the caller removes. */
export function openCommonParts(
  upstream: UpstreamParts,
  { plan, folder, spool }: { readonly plan: Plan; readonly folder: string; readonly spool: Spool },
): CommonParts {
  const style: SquashStyle = { time: plan.sourceDate, hasLabels: plan.quirks.extensionLabels }
  const extensions = new Map<string, () => Promise<Extension>>()
  const layers = new Map<string, () => Promise<Layer & { close(): Promise<void> }>>()
  const inTurn = inTurns()
  let isClosed = false
  const base = lazy(() => openBase(upstream, plan, spool))
  const extension = (pinned: PinnedExtension): Promise<Extension> =>
    once(extensions, pinned.digest, async () => {
      const kernelRelease = async (): Promise<string> => (await base()).kernelRelease
      const { talos, architecture } = plan
      return inTurn(() => {
        if (isClosed) throw new Error(`${pinned.reference} is not read: the parts are closed`)
        return readExtension(upstream, pinned, { talos, architecture, kernelRelease }, spool)
      })
    })
  return {
    base,
    extension,
    layer: (pinned, workers) =>
      once(layers, pinned.digest, async () => {
        const path = join(folder, `layer-${layers.size}.sqsh`)
        return squash(toSquashFiles(await extension(pinned), style), path, { ...style, workers })
      }),
    async [Symbol.asyncDispose]() {
      isClosed = true
      const opened = await Promise.allSettled([...extensions.values(), ...layers.values()].map((one) => one()))
      await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
    },
  }
}

function once<T>(known: Map<string, () => Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(key) ?? lazy(make)
  known.set(key, made)
  return made()
}
