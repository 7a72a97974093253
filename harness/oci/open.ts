// From a reference to the store that it names.
import type { Spool } from '../bytes/spool.ts'
import { FormatError } from '../errors.ts'
import { renderReference, type Reference } from './reference.ts'
import { openOciArchive } from './store-archive.ts'
import { openDockerArchive } from './store-docker.ts'
import { openLayout } from './store-layout.ts'
import { registryStore } from './store-registry.ts'
import type { RegistryAccess } from './store-registry-access.ts'
import type { ContentStore } from './store.ts'

export type OpenOptions = {
  /** Where content goes that cannot be read where it lies. */
  readonly spool: Spool
  /** What registries are read through; what `attachRegistry` gave to the spool by default. */
  readonly registry?: RegistryAccess
}

const attached = new WeakMap<Spool, RegistryAccess>()

/** Lets a registry be read by whoever opens an image and is handed the spool alone. */
export function attachRegistry(spool: Spool, registry: RegistryAccess): void {
  attached.set(spool, registry)
}

/**
 * FormatError UNSUPPORTED for a folder of assets, which is no image (see `openDirectoryTree`), and for a registry that
 * nothing is there to read through.
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
      const access = options.registry ?? attached.get(options.spool)
      if (access === undefined) throw unsupported(reference, 'expected access to a registry, got none')
      return registryStore(reference, access)
    }
    case 'dir':
      throw unsupported(reference, 'expected an image, got a folder of files')
  }
}

function unsupported(reference: Reference, message: string): FormatError {
  return new FormatError(reference.kind, 'UNSUPPORTED', message, { at: { path: renderReference(reference) } })
}
