// The claims of an image's descriptors beside the bytes that are stored for them.
import { algorithmOf, readDigest } from '../bytes/digest.ts'
import type { Content } from '../bytes/verified.ts'
import { NotFoundError, type Location } from '../errors.ts'
import type { ImageDocument } from './image/document.ts'
import { isIndex } from './image/media-types.ts'
import { mapInParallel } from './parallel.ts'
import type { Descriptor } from './image/schemas.ts'
import type { ContentStore } from './store.ts'

export type BlobClaim = {
  readonly role: 'index' | 'manifest' | 'config' | 'layer'
  readonly descriptor: Descriptor
  readonly where: Location
  readonly claimed: Content
  /** The content by the algorithm of the claimed digest; undefined where nothing is stored for the descriptor. */
  readonly computed: Content | undefined
}

export type BlobSources = {
  readonly root: ImageDocument
  readonly children: readonly Descriptor[]
  readonly config?: Descriptor
  readonly layers?: readonly { readonly descriptor: Descriptor; computed(): Promise<Content> }[]
}

type Subject = Pick<BlobClaim, 'role' | 'descriptor'> & { readonly compute: () => Promise<Content> }

/** Lists blobs in the order root, children, config, layers. Errors other than what is not stored go through. */
export async function listBlobs(store: ContentStore, sources: BlobSources): Promise<readonly BlobClaim[]> {
  const measure = (descriptor: Descriptor, role: BlobClaim['role']): Subject => ({
    role,
    descriptor,
    compute: async () => {
      const source = await store.open(descriptor)
      return { digest: await readDigest(source, algorithmOf(descriptor.digest)), size: source.size }
    },
  })
  const subjects: readonly Subject[] = [
    measure(sources.root.descriptor, sources.root.kind),
    ...sources.children.map((child) => measure(child, isIndex(child.mediaType) ? 'index' : 'manifest')),
    ...(sources.config === undefined ? [] : [measure(sources.config, 'config')]),
    ...(sources.layers ?? []).map(({ descriptor, computed }): Subject => ({
      role: 'layer',
      descriptor,
      compute: computed,
    })),
  ]
  return mapInParallel(subjects, async ({ role, descriptor, compute }) => ({
    role,
    descriptor,
    where: { path: store.name, digest: descriptor.digest },
    claimed: { digest: descriptor.digest, size: descriptor.size },
    computed: await undefinedIfMissing(compute),
  }))
}

async function undefinedIfMissing<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}
