// A machine configuration as something to judge: a part of the candidates it is given with, or a candidate by itself.
import { basename } from 'node:path'
import { formatPlace } from '#harness/formats/yaml/nodes.ts'
import { installedVariant } from '#specs/config/rules/install-image.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { ImageBeside } from '#specs/support/config-rule.ts'
import { UsageError } from '../usage-error.ts'
import type { Candidate } from './candidates.ts'
import type { LoadedConfig } from './config-files.ts'

/**
 * Every candidate with the configuration as a part, judged whatever its targets are. `schematics` are those of Image
 * Factory that the images are of, by key. UsageError for several variants.
 */
export function withMachineConfig(
  candidates: readonly Candidate[],
  config: LoadedConfig | undefined,
  schematics: ReadonlyMap<string, ImageBeside['schematic']> = new Map(),
): readonly Candidate[] {
  if (config === undefined) return candidates
  const variants = [...new Set(candidates.map(({ variant }) => variant))]
  if (variants.length > 1)
    throw new UsageError(
      `--config is the configuration of one node, and there are candidates of several variants ` +
        `(${variants.join(', ')}): name the image that it is to install, and no other`,
    )
  return candidates.map((candidate) => {
    const { targets, parts } = candidate
    return {
      ...candidate,
      config: { ...config, beside: imageOf(candidate, schematics.get(candidate.key)) },
      parts: { ...parts, config: { image: false } },
      ...(targets !== undefined && { targets: [...new Set([...targets, 'config' as const])] }),
    }
  })
}

/**
 * The digests of the installer image and of its manifest for this architecture, and the tag that it was asked for by.
 */
function imageOf(
  { digest, manifest, references: { installer } }: Candidate,
  schematic: ImageBeside['schematic'],
): ImageBeside {
  const own = schematic === undefined ? {} : { schematic }
  if (installer === undefined) return own
  // The manifest of a docker archive is made by its pusher.
  if (installer.kind !== 'registry' && installer.kind !== 'oci') return own
  const tag = installer.kind === 'registry' ? installer.tag : undefined
  return {
    ...own,
    ...(digest !== undefined && { digest }),
    ...(manifest !== undefined && { manifest }),
    ...(tag !== undefined && { tag }),
  }
}

export type ConfigTerms = {
  readonly contract: Contract
  readonly lock: Lock | undefined
  /** The variant; where it is undefined, that of the image which the node installs. */
  readonly variant: string | undefined
}

/** The candidate that consists of a configuration alone. UsageError where nothing says its variant. */
export function configCandidate(
  config: LoadedConfig,
  { contract, lock, variant }: ConfigTerms,
  key: string = '0',
): Candidate {
  return {
    key,
    reference: config.files.map(({ path }) => path).join(' + '),
    variant: chooseVariant(config, contract, variant),
    references: {},
    parts: { config: { image: false } },
    targets: ['config'],
    config,
    pinned: lock !== undefined,
    ...(lock !== undefined && { lock }),
    contract,
  }
}

/** The first of: what is given, what the contract says of the node, the image, the services that it configures. */
function chooseVariant({ facts, files, beside }: LoadedConfig, contract: Contract, given: string | undefined): string {
  const known = Object.keys(contract.variants).join(', ')
  const names = [facts.hostname?.value, ...files.map(({ path }) => basename(path).replace(/\.ya?ml$/, ''))]
  const chosen =
    given ??
    contract.nodes?.find(({ name }) => names.includes(name))?.variant ??
    installedVariant(facts, contract, beside?.schematic) ??
    configuredVariant(facts, contract)
  const noYaml = Object.values(facts.readings).flatMap(
    ({ problems }) => problems.find((one) => one.class === 'yaml') ?? [],
  )[0]
  if (chosen === undefined && noYaml !== undefined)
    throw new UsageError(`${formatPlace(noYaml.at)}: the file ${noYaml.message}`)
  if (chosen === undefined)
    throw new UsageError(
      `the configuration of one node is of one variant, and no install image names it: give --variant (${known}), ` +
        `or name the node in nodes of the contract (${formatPlace(facts.start)})`,
    )
  if (!Object.hasOwn(contract.variants, chosen)) throw new UsageError(`unknown variant ${chosen}; defined: ${known}`)
  return chosen
}

/** The one variant whose services are configured; undefined for none. */
export function configuredVariant({ services }: LoadedConfig['facts'], contract: Contract): string | undefined {
  const found = Object.entries(contract.variants).filter(([, { serviceConfigurations }]) =>
    serviceConfigurations.some((service) => services.some(({ name }) => name === service)),
  )
  return found.length === 1 ? found[0]?.[0] : undefined
}
