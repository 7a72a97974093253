// From references to candidates that everybody can read: resolved, looked into, pulled.
import { orAbsent } from '#harness/errors.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { Answers } from '#harness/oci/cache/names.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import type { Trust } from '#harness/signing/trust.ts'
import { mediumFormOf } from '#specs/contract/asset-tree.ts'
import type { OpenedPart } from './part.ts'
import { openCandidate, type Candidate, type CandidateOptions, type OpenedCandidate } from './candidates.ts'
import type { LoadedConfig } from './config-files.ts'
import { pullEvidence } from './evidence.ts'
import { identify } from './identify.ts'
import { installsFactoryImage } from '#specs/config/rules/install-image.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { GivenSchematic } from '#specs/support/applicability.ts'
import type { ImageBeside } from '#specs/support/config-rule.ts'
import { idInside, withSchematic } from '../schematic.ts'
import { withMachineConfig } from './machine-config.ts'
import { cacheError, pullParts, type PullOptions } from './pull.ts'

export type OpenedCandidates = {
  readonly candidates: readonly Candidate[]
  /** The faults of pulled blobs, and the questions that no registry answered; undefined where nothing is in a registry. */
  readonly failures?: BlobFailures | undefined
  /** The answers of registries. */
  readonly answers?: Answers | undefined
  /** Text of the trusted root that signatures are held against. */
  readonly trustedRoot?: string | undefined
  /** The opened parts of the candidate of this key. */
  readonly partsOf: (key: string) => readonly OpenedPart[]
  readonly close: () => Promise<void>
}

export type OpenOptions = CandidateOptions &
  PullOptions & {
    readonly config: LoadedConfig | undefined
    /** The schematic of Image Factory that the images must be of. */
    readonly schematic?: GivenSchematic | undefined
    /** The variant of each reference, before `variant`. */
    readonly variants?: readonly (string | undefined)[]
    /** The trust for images in a registry. */
    readonly trust: () => Promise<Trust>
  }

/** Opens every candidate and pulls those in a registry into the cache; no network access afterwards. */
export async function openCandidates(
  references: readonly Reference[],
  options: OpenOptions,
): Promise<OpenedCandidates> {
  const { cacheFolder, config, contract, registry, trust } = options
  const opened: OpenedCandidate[] = []
  const close = async (): Promise<void> => {
    await Promise.all(opened.flatMap(({ parts }) => parts.map(({ talos }) => talos.close())))
  }
  try {
    for (const [index, reference] of references.entries()) {
      const variant = options.variants?.[index] ?? options.variant
      opened.push(await openCandidate(reference, String(index), { ...options, variant }))
    }
    const parts = opened.flatMap((one) => one.parts)
    if (registry !== undefined) await pullParts(registry, parts, options)
    const known = await Promise.all(
      opened.map((one) => (one.candidate.variant === '' ? identify(one, contract) : one.candidate)),
    )
    const schematics = await schematicsFor(config, opened, contract)
    const media: OpenedCandidate[] = []
    for (const [index, candidate] of known.entries())
      media.push(...(await openDeclaredMedia(candidate, opened[index]?.parts ?? [], options)))
    opened.push(...media)
    const images = withMachineConfig(withSchematic(known, options.schematic), config, schematics)
    const candidates = [...images, ...media.map((one) => one.candidate)]
    const trustedRoot = registry && (await pullEvidence(registry, candidates, { contract, trust }))
    // Only now: what was not answered about the evidence is among them.
    const failures = registry?.failures()
    const answers = registry?.answers()
    const partsOf = new Map(opened.map((one) => [one.candidate.key, one.parts]))
    return { candidates, failures, answers, trustedRoot, partsOf: (key) => partsOf.get(key) ?? [], close }
  } catch (error) {
    await close()
    throw cacheError(error, cacheFolder) ?? error
  }
}

/**
 * The media in the asset tree of `candidate`, of its variant; none where its targets have no media. One that is absent is
 * for AST-001 to say. UsageError as of `openCandidate`.
 */
async function openDeclaredMedia(
  candidate: Candidate,
  parts: readonly OpenedPart[],
  options: CandidateOptions,
): Promise<readonly OpenedCandidate[]> {
  // What the contract declares (extraAssets) is opened, not only listed.
  const { key, variant, targets, contract } = candidate
  const assets = parts.find(({ part }) => part === 'assets')
  const declared = contract.extraAssets.flatMap((path) => {
    const kind = mediumFormOf(path)
    return kind === undefined ? [] : [{ kind, path }]
  })
  if (assets === undefined || declared.length === 0 || targets?.includes('media') === false) return []
  // A tree that cannot be read is for its own rules to say.
  const tree = await orAbsent(() => assets.talos.files())
  const opened: OpenedCandidate[] = []
  for (const one of declared.filter(({ path }) => tree?.has(path)))
    opened.push(
      await openCandidate({ ...one, within: assets.reference }, `${key} ${one.path}`, {
        ...options,
        variant,
        assets: undefined,
      }),
    )
  return opened
}

/** The schematic of each image by its key, where the configuration installs an image of Image Factory. */
async function schematicsFor(
  config: LoadedConfig | undefined,
  opened: readonly OpenedCandidate[],
  contract: Contract,
): Promise<ReadonlyMap<string, ImageBeside['schematic']>> {
  if (config === undefined || !installsFactoryImage(config.facts, contract)) return new Map()
  return new Map(
    await Promise.all(opened.map(async ({ candidate, parts }) => [candidate.key, await idInside(parts)] as const)),
  )
}
