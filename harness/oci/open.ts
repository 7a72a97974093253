// From a reference to the store that it names.
import type { Spool } from '../bytes/spool.ts'
import { FormatError } from '../errors.ts'
import { renderReference, type Reference } from './reference.ts'
import { openOciArchive } from './store-archive.ts'
import { openDockerArchive } from './store-docker.ts'
import { openLayout } from './store-layout.ts'
import type { ContentStore } from './store.ts'

export type OpenOptions = {
  /** Where content goes that cannot be read where it lies. */
  readonly spool: Spool
}

/** FormatError UNSUPPORTED for a folder of assets, which is no image (see `openDirectoryTree`), and for a registry. */
export async function openStore(reference: Reference, _options: OpenOptions): Promise<ContentStore> {
  switch (reference.kind) {
    case 'oci':
      return openLayout(reference)
    case 'oci-archive':
      return openOciArchive(reference)
    case 'docker-archive':
      return openDockerArchive(reference)
    case 'registry':
      throw unsupported(reference, 'reading from a registry is not built in yet')
    case 'dir':
      throw unsupported(reference, 'expected an image, got a folder of files')
  }
}

function unsupported(reference: Reference, message: string): FormatError {
  return new FormatError(reference.kind, 'UNSUPPORTED', message, { at: { path: renderReference(reference) } })
}
