// Which manifest of an index is the arm64 image: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
import type { ImageDocument } from './document.ts'
import type { Descriptor } from './schemas.ts'

/** The one manifest for linux/arm64, or why there is no such one. */
export type Selection = { readonly manifest: Descriptor } | { readonly reason: string }

/** How many platforms a reason lists. */
const LISTED = 12

/** The manifests of an index; a manifest has none. */
export function childrenOf(root: ImageDocument): readonly Descriptor[] {
  return root.kind === 'index' ? root.document.manifests : []
}

/**
 * The children for linux/arm64: v8 is the only variant there is, and the default where none is given. What BuildKit
 * attaches (provenance, SBOM) calls itself unknown/unknown.
 */
export function candidatesOf(children: readonly Descriptor[]): readonly Descriptor[] {
  return children.filter(({ platform }) => {
    if (platform?.os !== 'linux' || platform.architecture !== 'arm64') return false
    return platform.variant === undefined || platform.variant === '' || platform.variant === 'v8'
  })
}

/** A plain manifest is itself the selection: whether its config says arm64 is for a rule to judge. */
export function select(root: ImageDocument): Selection {
  if (root.kind === 'manifest') return { manifest: root.descriptor }
  const children = childrenOf(root)
  const [only, ...others] = candidatesOf(children)
  if (only !== undefined && others.length === 0) return { manifest: only }
  const got = children.slice(0, LISTED).map(renderPlatform).join(', ')
  return { reason: `expected one manifest for linux/arm64 in the index, got ${got === '' ? 'no manifests' : got}` }
}

export function renderPlatform({ platform }: Pick<Descriptor, 'platform'>): string {
  if (platform === undefined) return 'no platform'
  const { os, architecture, variant } = platform
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/')
}
