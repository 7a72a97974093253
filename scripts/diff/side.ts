// One side of a comparison: an image, or a release of upstream.
import { HarnessError, NotFoundError } from '#harness/errors.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { renderSigner } from '#harness/signing/signer.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import type { Trust } from '#harness/signing/trust.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { ReleaseDescription } from '../drift/describe.ts'
import type { Kept } from '../drift/kept.ts'
import { describeAbout } from '../judge/candidates/candidates.ts'
import { shownPart } from '../judge/candidates/contents.ts'
import type { OpenedPart, PartPlace } from '../judge/candidates/part.ts'
import { openParts } from '../judge/candidates/parts.ts'
import { UsageError } from '../judge/usage-error.ts'
import { LockError } from '../lock/upstream/lock-error.ts'
import { findSigner } from '../lock/upstream/signatures.ts'
import { imageFactsSchema, readImageFacts, type ImageFacts } from './facts.ts'
import type { FileSet } from './files.ts'

export type Side = {
  /** The reference as it was given, or the release. */
  readonly name: string
  readonly talos?: string | undefined
  readonly architecture: string
  /** The one variant that has exactly its extensions, else that of its label: nodes run what is inside. */
  readonly variant?: string | undefined
  /** The image that it was built on, by the label; absent where it names none. */
  readonly base?: string | undefined
  /** The signer of an image in a registry: `none`, or why it is not known. */
  readonly signer?: string | undefined
  /** Absent for another architecture than arm64, which is not read. */
  readonly image?: ImageFacts | undefined
  readonly release?: ReleaseDescription | undefined
  readonly files?: FileSet | undefined
}

export type SidePlace = PartPlace & {
  readonly contract: Contract
  readonly kept: Kept
  readonly trust: () => Promise<Trust>
  readonly verify: boolean
  /** Reads the files, where they are compared one by one. */
  readonly readFiles?: ((part: OpenedPart) => Promise<FileSet>) | undefined
}

const BASE_LABEL = 'org.opencontainers.image.base.digest'

/** UsageError, in one sentence, for what cannot be read. */
export async function openSide(reference: Reference, place: SidePlace): Promise<Side> {
  const name = renderReference(reference)
  try {
    const parts = await openParts(reference, undefined, place)
    try {
      const part = shownPart(parts)
      if (part === undefined) throw new NotFoundError('BLOB_UNKNOWN', 'expected an image, got none')
      return await describe(name, part, place)
    } finally {
      await Promise.all(parts.map(({ talos }) => talos.close()))
    }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${name}: ${describeAbout(reference, error)}`, { cause: error })
  }
}

async function describe(name: string, part: OpenedPart, place: SidePlace): Promise<Side> {
  const { contract, kept, readFiles } = place
  const { content, labels, talos, digest, manifest = digest } = part
  const architecture = content === undefined ? 'arm64' : await architectureOf(part)
  const signer = await signerOf(part, place)
  const common = { name, architecture, ...(signer !== undefined && { signer }) }
  if (architecture !== 'arm64') return { ...common, talos: labels[VERSION_LABEL] }
  const read = (): Promise<ImageFacts> => readImageFacts(talos, content?.image)
  const image = manifest === undefined ? await read() : await kept.of('image', manifest, imageFactsSchema, read)
  const variant = variantOf(image, contract) ?? labels[contract.labels.variant]
  return {
    ...common,
    image,
    talos: image.talos,
    ...(variant !== undefined && { variant }),
    ...(labels[BASE_LABEL] !== undefined && { base: labels[BASE_LABEL] }),
    ...(readFiles !== undefined && { files: await readFiles(part) }),
  }
}

/** The architecture that the config names; of an index without an image for arm64 that of its first image. */
async function architectureOf({ content }: OpenedPart): Promise<string> {
  if (content === undefined) return 'arm64'
  const { image } = content
  if ('reason' in image.selection) {
    const other = image.children.find(({ platform }) => platform?.os === 'linux')?.platform?.architecture
    if (other !== undefined && other !== 'arm64') return other
  }
  return (await image.config()).architecture ?? 'no architecture'
}

function variantOf({ extensions }: ImageFacts, { variants, virtualExtensions }: Contract): string | undefined {
  const names = extensions.map(({ name }) => name).filter((name) => !virtualExtensions.includes(name))
  const isSame = (wanted: readonly string[]): boolean =>
    wanted.length === names.length && wanted.every((name) => names.includes(name))
  const matching = Object.entries(variants).filter(([, variant]) => isSame(variant.extensions))
  return matching.length === 1 ? matching[0]?.[0] : undefined
}

/** The signer by the contract and upstream's; undefined where signatures are not looked for. */
async function signerOf({ reference, digest }: OpenedPart, place: SidePlace): Promise<string | undefined> {
  const { registry, contract, trust, verify } = place
  if (!verify || registry === undefined || reference.kind !== 'registry' || digest === undefined) return undefined
  const signers = [...contract.signing.signers, ...contract.upstream.signers]
  const note = (): void => undefined
  try {
    const signer = await findSigner({ ...reference, digest }, 'it', { access: registry, signers, trust, note })
    return signer === undefined ? 'no one' : renderSigner(signer)
  } catch (error) {
    if (error instanceof LockError) return error.message.replace(/^it: /, '')
    throw error
  }
}
