// The inputs of a build: every part with its digest and its size (--dry-run).
import { Spool } from '#harness/bytes/spool.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openPinned, UPSTREAM_FILES, type PinnedImage, type UpstreamParts } from '#build/upstream/upstream.ts'
import type { Plan } from '#build/plan.ts'

export type PartSize = { readonly name: string; readonly digest: string; readonly size: number }

/** Reads manifests, and no layer. Errors of `openPinned` and `openImage`. */
export async function measureParts(plan: Plan, upstream: UpstreamParts, spool: Spool): Promise<readonly PartSize[]> {
  const images = [
    { name: 'installer-base', ...plan.installerBase },
    ...plan.extensions.map((pinned) => ({ ...pinned, name: `${pinned.name} ${pinned.version}` })),
  ]
  const measured: PartSize[] = Object.entries(plan.files).map(([name, { sha256, size }]) => ({
    name: UPSTREAM_FILES[name as keyof typeof UPSTREAM_FILES],
    digest: `sha256:${sha256}`,
    size,
  }))
  for (const image of images)
    measured.push({ name: image.name, digest: image.digest, size: await measureImage(upstream, image, spool) })
  return measured
}

async function measureImage(upstream: UpstreamParts, image: PinnedImage, spool: Spool): Promise<number> {
  const store = await openPinned(upstream, image, spool)
  try {
    const { layers } = await (await openImage(store, { spool })).manifest()
    return layers.reduce((sum, { size }) => sum + size, 0)
  } finally {
    await store.close()
  }
}
