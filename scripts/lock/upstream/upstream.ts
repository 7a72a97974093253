// Upstream's namespace in a registry: its images by tag or digest, for linux/arm64, with who signed them.
import type { Digest } from '#harness/bytes/digest.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { FormatError } from '#harness/errors.ts'
import { openImage, type OciImage } from '#harness/oci/image/image.ts'
import { parseReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { registryStore } from '#harness/oci/registry/registry.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import type { TrustedSigner } from '#harness/signing/signer.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { PinnedImage, PinnedSigner } from '#specs/contract/lock.ts'
import { UsageError } from '../../cli/command-line.ts'
import { about, LockError } from './lock-error.ts'

export type Upstream = {
  /** The namespace as the lock names it: `ghcr.io/siderolabs`. */
  readonly namespace: string
  /** The registry that it is read from. */
  readonly mirror: string
  readonly access: RegistryAccess
  readonly spool: Spool
  /** Has the store closed at the end. */
  readonly keep: (store: ContentStore) => void
  /** The signer, undefined for an unsigned image; LockError where a signature is wrong or cannot be verified. */
  readonly signerOf: (
    image: RegistryReference & { readonly digest: Digest },
    name: string,
    /** Whose signatures count, where not upstream's. */
    signers?: readonly TrustedSigner[],
  ) => Promise<PinnedSigner | undefined>
  /** True where the mirror has every image that a contract names, as the embedded one has. */
  readonly hasAll?: boolean
  /** A fact that the lock has not, and why. */
  readonly note: (text: string) => void
  /** Reports the current step. */
  readonly step: (text: string) => void
}

export type UpstreamImage = {
  /** The name that was read, for errors. */
  readonly name: string
  /** The last part of its repository. */
  readonly part: string
  readonly pinned: PinnedImage
  readonly image: OciImage
  readonly store: ContentStore
}

export type Wanted = {
  /** The last part of the repository. */
  readonly name: string
  readonly tag: string
  /** The digest to read; by default the one that the tag names now. */
  readonly digest?: Digest
  /** The reference as the lock names it, where that is not the namespace and the tag. */
  readonly reference?: string
}

/** UsageError where the text is no registry and namespace. */
export function parseNamespace(text: string): string {
  const namespace = text.replace(/\/+$/, '')
  try {
    const { kind } = parseReference(`${namespace}/imager`)
    if (kind === 'registry' && /^(?:localhost|[^/]*[.:][^/]*)(?:\/|$)/.test(namespace)) return namespace
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
  }
  throw new UsageError(`--upstream expects a registry and a namespace such as ghcr.io/siderolabs, got ${text}`)
}

/** The reference from which the image of this name is read. */
export function referenceTo({ mirror }: Pick<Upstream, 'mirror'>, name: string): RegistryReference {
  const parsed = parseReference(`${mirror}/${name}`)
  if (parsed.kind !== 'registry') throw new UsageError(`expected a registry and a namespace, got ${mirror}`)
  return parsed
}

/** Reads documents only. LockError, naming the image, for whatever is wrong with them or with its signatures. */
export async function openUpstreamImage(upstream: Upstream, wanted: Wanted): Promise<UpstreamImage> {
  const { mirror, namespace } = upstream
  const { name, tag, digest, reference = `${namespace}/${name}:${tag}` } = wanted
  const repository = referenceTo(upstream, name)
  const asked = digest === undefined ? { ...repository, tag } : { ...repository, digest }
  return openAsked(upstream, { name, asked, reference, shown: `${mirror}/${name}:${tag}` })
}

/**
 * The place from which an image of a whole reference is read: in upstream's namespace from the mirror, else where it says.
 * UsageError for one that is in no registry.
 */
export function placeOf(
  { mirror, namespace, hasAll = false }: Pick<Upstream, 'mirror' | 'namespace' | 'hasAll'>,
  reference: string,
): { readonly shown: string; readonly asked: RegistryReference } {
  const isMirrored = hasAll || reference.startsWith(`${namespace}/`)
  const shown = isMirrored ? `${mirror}/${reference.slice(reference.lastIndexOf('/') + 1)}` : reference
  const asked = parseReference(shown)
  if (asked.kind !== 'registry') throw new UsageError(`expected an image in a registry, got ${reference}`)
  return { shown, asked }
}

/** The same by a whole reference, such as the contract has. */
export async function openNamedImage(
  upstream: Upstream,
  reference: string,
  signers?: readonly TrustedSigner[],
): Promise<UpstreamImage> {
  const { shown, asked } = placeOf(upstream, reference)
  const name = asked.repository.split('/').at(-1) ?? ''
  return openAsked(upstream, { name, asked, reference: withoutDigest(reference), shown, signers })
}

/** The name and tag of a reference. */
function withoutDigest(reference: string): string {
  return reference.replace(/@sha256:[0-9a-f]{64}$/, '')
}

type Asked = {
  readonly signers?: readonly TrustedSigner[] | undefined
  readonly name: string
  readonly asked: RegistryReference
  readonly reference: string
  readonly shown: string
}

async function openAsked(
  upstream: Upstream,
  { name, asked, reference, shown, signers }: Asked,
): Promise<UpstreamImage> {
  const { access, spool } = upstream
  const { kind, registry, repository } = asked
  upstream.step(shown)
  return about(shown, async () => {
    const { digest } = await access.resolve(asked)
    const pinned = { kind, registry, repository, digest }
    const store = registryStore(pinned, access)
    upstream.keep(store)
    const image = await openImage(store, { spool })
    const { architecture } = await image.config()
    if (architecture !== 'arm64')
      throw new LockError(
        'wrong',
        `${shown}: expected an image for linux/arm64, got one for ${architecture ?? 'nothing'}`,
      )
    const signer = await upstream.signerOf(pinned, shown, signers)
    return { name: shown, part: name, pinned: { reference, digest, ...(signer && { signer }) }, image, store }
  })
}
