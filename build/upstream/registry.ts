// Upstream's parts from registries: images by digest, the four files out of the imager's image.
import { fileIn } from '#harness/fs/file-in.ts'
import { lazy } from '#harness/lazy.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openStore, type OpenOptions } from '#harness/oci/open.ts'
import { parseReference, renderReference } from '#harness/oci/image/reference.ts'
import { parseDigest } from '#harness/bytes/digest.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { BuildError } from '../build-error.ts'
import { OF_KERNEL_IMAGE, openPinned, UPSTREAM_FILES, type PinnedImage, type UpstreamParts } from './upstream.ts'

const INSTALL_FOLDER = 'usr/install/arm64'

/**
 * `namespace` (`registry.example/mirror`) replaces what references of upstream's images name before their last part; with
 * `hasAll` those of any.
 */
export function registryUpstream(
  lock: Lock,
  { hasAll = false, ...options }: OpenOptions & { readonly hasAll?: boolean },
  namespace?: string,
): UpstreamParts {
  const stores: ContentStore[] = []
  const own = folderOf(lock.installerBase)
  const isUpstreams = (image: PinnedImage): boolean => hasAll || own === undefined || folderOf(image) === own
  const open = async (image: PinnedImage): Promise<ContentStore> =>
    openStore(parseReference(locate(image, isUpstreams(image) ? namespace : undefined)), options)
  const treeOf = (image: PinnedImage) =>
    lazy(async () => {
      const store = await openPinned({ ...upstream, open }, image, options.spool)
      stores.push(store)
      return (await openImage(store, options)).tree()
    })
  const imager = lock.imager && treeOf(lock.imager)
  const kernelImage = lock.kernelImage && treeOf(lock.kernelImage)
  const upstream: UpstreamParts = {
    name: namespace ?? 'the registries that the lock names',
    lock,
    open,
    async file(name) {
      const tree = OF_KERNEL_IMAGE.has(name) ? (kernelImage ?? imager) : imager
      if (tree === undefined)
        throw new BuildError(
          'LOCK',
          'the lock names no digest of imager, which holds the kernel and the base initramfs',
        )
      return fileIn(await tree(), `${INSTALL_FOLDER}/${UPSTREAM_FILES[name]}`)
    },
    async close() {
      await Promise.all(stores.splice(0).map((store) => store.close()))
    },
  }
  return upstream
}

/** The reference by digest, in the namespace if there is one. */
export function locate({ reference, digest }: PinnedImage, namespace: string | undefined): string {
  const parsed = parseReference(reference)
  if (parsed.kind !== 'registry')
    throw new BuildError('LOCK', `expected a registry's image in the lock, got ${reference}`)
  const pinned = renderReference({
    kind: 'registry',
    registry: parsed.registry,
    repository: parsed.repository,
    digest: parseDigest(digest),
  })
  if (namespace === undefined) return pinned
  return `${namespace.replace(/\/+$/, '')}/${parsed.repository.split('/').at(-1) ?? ''}@${digest}`
}

function folderOf(image: PinnedImage | undefined): string | undefined {
  return image?.reference.slice(0, image.reference.lastIndexOf('/'))
}
