// Builds an image once more from the lock and the contract, and holds the two against each other.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { BuildUpstream } from '../build/upstream.ts'
import { UsageError } from '../cli/command-line.ts'
import { differencesOf, type Difference } from './difference.ts'

export type Reproduction = {
  readonly reference: string
  readonly variant: string
  /** The digest of the given image, and of the one that was made. */
  readonly digest: string
  readonly made: string
  /** The first difference; where only compression differs, its place. */
  readonly difference?: Difference
}

export type ReproduceOptions = {
  readonly contract: Contract
  readonly upstream: BuildUpstream
  readonly registry?: RegistryAccess | undefined
  /** The variant of an image without a label that names it. */
  readonly variant?: string | undefined
  readonly signal?: AbortSignal
  /** Limits of each image. */
  readonly limits?: BudgetLimits
}

const REVISION = 'org.opencontainers.image.revision'

/**
 * UsageError for an image that does not say its variant; errors of `planVariant` and `assemble`, and of reading images.
 */
export async function reproduce(
  reference: Reference,
  { contract, upstream, registry, variant: wanted, signal, limits }: ReproduceOptions,
): Promise<Reproduction> {
  await using temporary = await makeTemporaryFolder('talos-reproduce-')
  const folder = temporary.path
  const open = (what: Reference, name: string): Promise<TalosPart> =>
    openInstaller(what, { spool: new Spool(join(folder, name), limits), ...(registry !== undefined && { registry }) })
  try {
    await using given = closing(await open(reference, 'given'))
    const labels = await (await given.part.image()).labels()
    const variant = wanted ?? labels.get(contract.labels.variant)
    const text = renderReference(reference)
    if (variant === undefined) throw new UsageError(`${text} does not say which variant it is: give --variant`)
    const revision = labels.get(REVISION)
    const plan = planVariant({ lock: upstream.lock, contract, variant, revision })
    const output = join(folder, 'made')
    await assemble(plan, { upstream, output, signal, limits })
    await using made = closing(await open({ kind: 'oci', path: output, tag: plan.tags.installer }, 'own'))
    const [digest, own] = await Promise.all([digestOf(given.part), digestOf(made.part)])
    const difference = digest === own ? undefined : await firstOf(given.part, made.part)
    return { reference: text, variant, digest, made: own, ...(difference !== undefined && { difference }) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The first difference; one beyond compression goes before all others. */
async function firstOf(given: TalosPart, made: TalosPart): Promise<Difference> {
  let compression: Difference | undefined
  for await (const difference of differencesOf(given, made)) {
    if (difference.isCompression !== true && compression === undefined) return difference
    if (difference.isCompression !== true && !followsFrom(difference)) return difference
    compression ??= difference
  }
  return compression ?? { where: 'index', what: 'the documents around the image' }
}

/** Digests and sizes of what is compressed otherwise differ, too: those say nothing of their own. */
function followsFrom({ where, what }: Difference): boolean {
  return where === 'config' || where === 'manifest' || /^(?:headers or padding)/.test(what)
}

async function digestOf(part: TalosPart): Promise<string> {
  const image = await part.image()
  const documents = await image.documents()
  return documents.at(-1)?.descriptor.digest ?? ''
}

function closing(part: TalosPart): { readonly part: TalosPart; [Symbol.asyncDispose](): Promise<void> } {
  return { part, [Symbol.asyncDispose]: () => part.close() }
}
