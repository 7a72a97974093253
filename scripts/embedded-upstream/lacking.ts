// Contracts that want what the embedded upstream, which is small, has not.
import type { ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import type { Upstream } from '#fixtures/simulator/upstream/upstream.ts'
import { extensionNames, type Contract } from '#specs/contract/contract.ts'
import { UsageError } from '../cli/command-line.ts'

/** UsageError, naming what there is, for extensions that this release of the embedded upstream has not. */
export function refuseLacking(contract: Contract, { releases }: Upstream, talos: ReleaseName): void {
  const names = releases.get(talos)?.extensions.map(({ name }) => name) ?? []
  const missing = extensionNames(contract).filter((name) => !names.includes(name))
  if (missing.length === 0) return
  throw new UsageError(
    `the contract names ${missing.join(', ')}, which the embedded upstream of ${talos} has not (it has ${names.join(', ')}): ` +
      `rehearse with other variants, or lock and build from upstream itself, without --upstream embedded`,
  )
}
