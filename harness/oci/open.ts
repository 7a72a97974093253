// From a reference to the store that it names.
import type { Spool } from '../bytes/spool.ts'
import { FormatError } from '../errors.ts'
import { renderReference, type Reference } from './image/reference.ts'
import { openOciArchive } from './disk/store-archive.ts'
import { openDockerArchive } from './disk/store-docker.ts'
import { openLayout } from './disk/store-layout.ts'
import { registryStore } from './registry/registry.ts'
import type { RegistryAccess } from './registry/access.ts'
import type { ContentStore } from './store.ts'

export type OpenOptions = {
  /** The store for content that cannot be read in its place. */
  readonly spool: Spool
  /** The access that registries are read through. */
  readonly registry?: RegistryAccess | undefined
}

/**
 * FormatError UNSUPPORTED for a folder of assets and a boot medium, which are no images (see `openDirectoryTree`,
 * `openMedium`), and for a registry that nothing is there to read through.
 */
export async function openStore(reference: Reference, options: OpenOptions): Promise<ContentStore> {
  switch (reference.kind) {
    case 'oci':
      return openLayout(reference)
    case 'oci-archive':
      return openOciArchive(reference)
    case 'docker-archive':
      return openDockerArchive(reference)
    case 'registry': {
      if (options.registry === undefined) throw unsupported(reference, 'expected access to a registry, got none')
      return registryStore(reference, options.registry)
    }
    case 'dir':
      throw unsupported(reference, 'expected an image, got a folder of files')
    case 'uki':
    case 'iso':
    case 'raw':
      throw unsupported(reference, 'expected an image, got a boot medium')
  }
}

function unsupported(reference: Reference, message: string): FormatError {
  return new FormatError(reference.kind, 'UNSUPPORTED', message, { at: { path: renderReference(reference) } })
}
