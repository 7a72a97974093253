// The upstream of the tests in a registry on loopback, as `--upstream embedded` means it: every release it has, signed.
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import { heldExtensions, type Contract } from '#specs/contract/contract.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { serveEmbedded } from '../embedded-upstream/served.ts'
import { isTalos, type DriftOptions } from './options.ts'

export type EmbeddedDrift = {
  /** The given options, for this upstream. */
  readonly options: DriftOptions
  /** The given contract, trusting who signs here. */
  readonly contract: Contract
  close(): Promise<void>
}

/** Opens the embedded releases; with two named releases only these are made. */
export async function openEmbeddedDrift(options: DriftOptions, contract: Contract): Promise<EmbeddedDrift> {
  const named = [options.from, options.to].filter(isTalos)
  const wanted = new Set([...named, ...heldExtensions(contract).map(({ talos }) => talos)])
  const releases = RELEASE_NAMES.filter((name) => named.length < 2 || wanted.has(name))
  const { host, namespace, trustedRoot, cacheFolder, close } = await serveEmbedded(releases, contract)
  return {
    options: {
      ...options,
      upstream: namespace,
      reference: options.reference ?? `${host}/cozystack/cozystack/talos`,
      trustedRoot,
      cache: cacheFolder,
    },
    contract: embeddedContract(contract).contract,
    close,
  }
}
