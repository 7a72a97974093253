// The platforms of an index's children: what the index declares beside what each child's config says.
import { readAll } from '../../bytes/source.ts'
import { NotFoundError } from '../../errors.ts'
import { readDocument } from './document.ts'
import { mapInParallel } from '../parallel.ts'
import { configSchema, MAX_CONFIG_BYTES, readJsonDocument, type Descriptor, type Platform } from './schemas.ts'
import type { ContentStore } from '../store.ts'

export type ChildPlatform = {
  readonly descriptor: Descriptor
  readonly declared: Platform
  readonly configured: Platform
}

/** The platform of BuildKit's attachments to an index (provenance, SBOM), which are no images. */
const NO_PLATFORM = 'unknown'

/**
 * The platforms of every child that declares one and is there; children that are left out of a copy, nested indexes and
 * attestations are passed over. The variant v8 of arm64 counts as none. Errors as of readDocument and readJsonDocument.
 */
export async function readChildPlatforms(
  store: ContentStore,
  children: readonly Descriptor[],
): Promise<readonly ChildPlatform[]> {
  const platforms = await mapInParallel(children, (child) => readChild(store, child))
  return platforms.filter((platform) => platform !== undefined)
}

async function readChild(store: ContentStore, descriptor: Descriptor): Promise<ChildPlatform | undefined> {
  const declared = descriptor.platform
  if (declared === undefined || declared.os === NO_PLATFORM) return undefined
  try {
    const child = await readDocument(await store.open(descriptor), descriptor)
    if (child.kind === 'index') return undefined
    const bytes = await readAll(await store.open(child.document.config), MAX_CONFIG_BYTES)
    const at = { path: store.name, digest: child.document.config.digest }
    const { value } = readJsonDocument(bytes, configSchema, 'config', at, MAX_CONFIG_BYTES)
    const { os = '', architecture = '', variant } = value
    return { descriptor, declared: plain(declared), configured: plain({ os, architecture, variant }) }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

function plain({ os, architecture, variant }: Platform): Platform {
  const isDefault = variant === undefined || variant === '' || (architecture === 'arm64' && variant === 'v8')
  return isDefault ? { os, architecture } : { os, architecture, variant }
}
