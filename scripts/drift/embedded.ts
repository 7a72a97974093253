// The upstream of the tests in a registry on loopback, as `--upstream embedded` means it: every release it has, signed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuthority } from '#fixtures/simulator/authority/authority.ts'
import { signUpstream } from '#fixtures/simulator/authority/sign-upstream.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import { makeUpstream } from '#fixtures/simulator/upstream/upstream.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { embeddedContract } from '../embedded/contract.ts'
import { isTalos, type DriftOptions } from './options.ts'

export const EMBEDDED = 'embedded'

export type EmbeddedDrift = {
  /** The given options, for this upstream. */
  readonly options: DriftOptions
  /** The given contract, trusting who signs here. */
  readonly contract: Contract
  close(): Promise<void>
}

/** Opens the embedded releases; with two named releases only these are made. */
export async function openEmbeddedDrift(options: DriftOptions, contract: Contract): Promise<EmbeddedDrift> {
  const folder = await mkdtemp(join(tmpdir(), 'talos-image-embedded-drift-'))
  const registry = await startRegistry()
  const close = async (): Promise<void> => {
    await registry.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const named = [options.from, options.to].filter(isTalos)
    const releases = RELEASE_NAMES.filter((name) => named.length < 2 || named.includes(name))
    const made = await makeUpstream({ releases })
    const authority = await openAuthority()
    await made.serve(registry)
    await signUpstream(registry.content, made.images, authority)
    const trustedRoot = join(folder, 'trusted_root.json')
    await writeFile(trustedRoot, authority.trustedRoot)
    return {
      options: {
        ...options,
        upstream: `${registry.host}/siderolabs`,
        reference: options.reference ?? `${registry.host}/cozystack/cozystack/talos`,
        trustedRoot,
        cache: join(folder, 'cache'),
      },
      contract: embeddedContract(contract).contract,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
