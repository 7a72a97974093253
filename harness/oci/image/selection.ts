// The choice of the manifest of an index that is the image for one architecture:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
import type { ImageDocument } from './document.ts'
import type { Descriptor } from './schemas.ts'

/** Architectures that Talos is built for; candidates are for arm64, images to compare with may be for the other. */
export type Architecture = 'arm64' | 'amd64'

/** The one manifest for linux on an architecture, or why there is no such one. */
export type Selection = { readonly manifest: Descriptor } | { readonly reason: string }

/** The number of platforms that a reason lists. */
const LISTED = 12

/** The manifests of an index; a manifest has none. */
export function childrenOf(root: ImageDocument): readonly Descriptor[] {
  return root.kind === 'index' ? root.document.manifests : []
}

/** The variant that is the default where none is given: of arm64 the only one there is. */
const DEFAULT_VARIANT: Readonly<Record<Architecture, string>> = { arm64: 'v8', amd64: 'v1' }

/** The children for linux. What BuildKit attaches (provenance, SBOM) calls itself unknown/unknown. */
export function candidatesOf(
  children: readonly Descriptor[],
  architecture: Architecture = 'arm64',
): readonly Descriptor[] {
  return children.filter(({ platform }) => {
    if (platform?.os !== 'linux' || platform.architecture !== architecture) return false
    const { variant = '' } = platform
    return variant === '' || variant === DEFAULT_VARIANT[architecture]
  })
}

/** A plain manifest is itself the selection: whether its config says so too is for a rule to judge. */
export function select(root: ImageDocument, architecture: Architecture = 'arm64'): Selection {
  if (root.kind === 'manifest') return { manifest: root.descriptor }
  const children = childrenOf(root)
  const [only, ...others] = candidatesOf(children, architecture)
  if (only !== undefined && others.length === 0) return { manifest: only }
  const got = children.slice(0, LISTED).map(renderPlatform).join(', ')
  return {
    reason: `expected one manifest for linux/${architecture} in the index, got ${got === '' ? 'no manifests' : got}`,
  }
}

export function renderPlatform({ platform }: Pick<Descriptor, 'platform'>): string {
  if (platform === undefined) return 'no platform'
  const { os, architecture, variant } = platform
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/')
}
