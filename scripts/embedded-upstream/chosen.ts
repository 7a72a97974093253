// Which release of the embedded upstream a contract is tried with, and contracts that ask for one that it has not.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { RELEASE_NAMES, type ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { formatLocation } from '#harness/errors.ts'
import { admitsTalos, type Contract } from '#specs/contract/contract.ts'
import { placeOfKey } from '#specs/contract/findings/document.ts'
import { UsageError } from '../cli/command-line.ts'

export type ContractFile = { readonly value: Contract; readonly path: string }

/** The upstream of the tests that is built from when nothing says which release. */
export const EMBEDDED_RELEASE: ReleaseName = 'v1.11.5'

const HOW = 'rehearse with one of these, or lock and build from upstream itself, without --upstream embedded'

/**
 * The release that nobody names: v1.11.5, or else the newest that the contract admits. UsageError, with the line of the
 * contract, where it admits none.
 */
export function chosenRelease(contract: ContractFile): ReleaseName {
  const admitted = RELEASE_NAMES.filter((name) => admitsTalos(contract.value, name))
  const chosen = admitted.find((name) => name === EMBEDDED_RELEASE) ?? admitted.at(-1)
  if (chosen !== undefined) return chosen
  throw refusal(contract, ['talos'], `the contract is for Talos ${contract.value.talos}`)
}

/** UsageError, with the line of the contract, for an extension that is held back at another release. */
export function refuseHeld(contract: ContractFile): void {
  for (const [variant, { extensions, held = [] }] of Object.entries(contract.value.variants))
    for (const { name, talos } of held)
      if (!RELEASE_NAMES.some((release) => release === talos))
        throw refusal(
          contract,
          ['variants', variant, 'extensions', extensions.indexOf(name), 'talos'],
          `the contract holds ${name} back at Talos ${talos}`,
        )
}

function refusal({ path }: ContractFile, key: readonly PropertyKey[], said: string): UsageError {
  const where = { path }
  const place = placeOfKey(readFileSync(resolve(path)), where, key)
  const at = place === undefined ? '' : `${formatLocation({ ...where, ...place })} `
  return new UsageError(`${at}${said}, and the embedded upstream is of ${RELEASE_NAMES.join(', ')}: ${HOW}`)
}
