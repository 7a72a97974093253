// A running node as a candidate: what it says, its machine configuration, and the variant that it is to run.
import { isVirtual, type JudgedImage } from '#specs/support/node/rule.ts'
import { installedVariant } from '#specs/config/rules/install-image.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import { minorOfTag, type Minor } from '#harness/machine-config/schema/schema.ts'
import type { ChooseMinor, ConfigFile } from '#harness/machine-config/document.ts'
import { installsOf } from '#harness/machine-config/facts.ts'
import { targetMinor } from '#specs/config/validity/target.ts'
import { UsageError } from '../usage-error.ts'
import { printable } from '../verdict/printable.ts'
import type { Candidate } from '../candidates/candidates.ts'
import { readMachineConfig, type LoadedConfig } from '../candidates/config-files.ts'
import { configuredVariant } from '../candidates/machine-config.ts'

export type NodeTerms = {
  readonly contract: Contract
  readonly lock: Lock | undefined
  /** The variant; where it is undefined, that of the image which the node installs. */
  readonly variant: string | undefined
  /** The image that was judged for a variant; undefined where there is no verdict on one. */
  readonly judgedFor: (variant: string) => (JudgedImage & { readonly digest?: string }) | undefined
}

/** UsageError where nothing says the variant, and for a machine configuration that is too large or too deep. */
export function nodeCandidate(observed: ObservedNode, key: string, terms: NodeTerms): Candidate {
  const { contract, lock } = terms
  const read = readActive(observed, lock?.talos)
  const variant = chooseVariant(observed, read, terms)
  const image = terms.judgedFor(variant)
  const { digest, ...judged } = image ?? { digest: undefined }
  const config =
    read === undefined
      ? undefined
      : { ...read, ...(digest !== undefined && { beside: { digest } }), reachedBy: [observed.address] }
  const parts = { ...(config !== undefined && { config: { image: false } }), node: { image: false } }
  return {
    key,
    reference: nameOf(observed, config),
    variant,
    references: {},
    parts,
    targets: config === undefined ? ['node'] : ['config', 'node'],
    ...(config !== undefined && { config }),
    node: { observed, ...(image !== undefined && { judged: judged as JudgedImage }) },
    pinned: lock !== undefined,
    ...(lock !== undefined && { lock }),
    contract,
  }
}

/** `192.0.2.21 (gateway-1)`, in one line whatever a node calls itself. */
function nameOf({ address, hostname }: ObservedNode, config: LoadedConfig | undefined): string {
  const name = hostname ?? config?.facts.hostname?.value
  return printable(name === undefined || name === address ? address : `${address} (${name})`)
}

/**
 * The active configuration, with the documents that it lacks of those which are in force: talosctl of 1.11 may print the
 * first document alone.
 */
function readActive(observed: ObservedNode, locked: string | undefined): LoadedConfig | undefined {
  const { address, activeConfig } = observed
  if (activeConfig === undefined) return undefined
  const { path = address } = activeConfig.at
  const main: ConfigFile = { path: `${path}!${address}`, bytes: Buffer.from(activeConfig.value) }
  const version = observed.talos?.value
  // Its own install image says which Talos it is for: a node that was rolled back has one that it cannot read.
  const ownMinor = (installs: LoadedConfig['facts']['installs']): Minor | undefined =>
    targetMinor({ installs }, locked === undefined ? {} : { talos: locked })
  const choose: ChooseMinor = (read) =>
    ownMinor(installsOf(read)) ?? (version === undefined ? undefined : minorOfTag(version))
  const first = readMachineConfig([main], undefined, choose)
  const target =
    ownMinor(first.facts.installs) !== undefined || version === undefined || minorOfTag(version) === undefined
      ? undefined
      : version
  const config = { ...first, ...(target !== undefined && { target }) }
  const absent = (observed.serviceSettings ?? []).filter(
    ({ name }) => !config.facts.services.some((service) => service.name === name),
  )
  if (absent.length === 0) return config
  const documents = absent.map(({ name, environment, files }) => ({
    apiVersion: 'v1alpha1',
    kind: 'ExtensionServiceConfig',
    name,
    ...(environment.length > 0 && { environment }),
    ...(files.length > 0 && { configFiles: files }),
  }))
  const text = documents.map((document) => JSON.stringify(document, null, 2)).join('\n---\n')
  return readMachineConfig(
    [main, { path: `${path}!${address} extensionserviceconfigs`, bytes: Buffer.from(text) }],
    undefined,
    choose,
  )
}

/**
 * The first of: what is given, what the contract says of the node, the image that it installs, the services that it
 * configures, the extensions that it runs.
 */
function chooseVariant(
  observed: ObservedNode,
  config: LoadedConfig | undefined,
  { contract, variant: given }: NodeTerms,
): string {
  const { address, hostname } = observed
  const known = Object.keys(contract.variants).join(', ')
  const names = [address, hostname, config?.facts.hostname?.value]
  const chosen =
    given ??
    contract.nodes?.find(({ name }) => names.includes(name))?.variant ??
    (config === undefined
      ? undefined
      : (installedVariant(config.facts, contract) ?? configuredVariant(config.facts, contract))) ??
    nearestVariant(observed, contract)
  if (chosen === undefined)
    throw new UsageError(
      `nothing says of which variant ${address} is to be: give --variant (${known}), or name it in nodes of the contract`,
    )
  if (!Object.hasOwn(contract.variants, chosen)) throw new UsageError(`unknown variant ${chosen}; defined: ${known}`)
  return chosen
}

/** The variant whose extensions differ least from those that run; undefined where two differ as little. */
function nearestVariant({ extensions }: ObservedNode, contract: Contract): string | undefined {
  if (extensions === undefined) return undefined
  const running = new Set(extensions.map(({ name }) => name).filter((name) => !isVirtual(name, contract)))
  const ranked = Object.entries(contract.variants)
    .map(([name, variant]) => [name, running.symmetricDifference(new Set(variant.extensions)).size] as const)
    .toSorted(([, a], [, b]) => a - b)
  const [[first, least] = [undefined, 0], [, second] = [undefined, Infinity]] = ranked
  return least < second ? first : undefined
}
