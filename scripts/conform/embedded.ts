// What `npm test` judges when nothing is given: both variants, built on the spot from an embedded upstream.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { formatLock, type Lock } from '#specs/contract/lock.ts'
import { openEmbedded } from '../build/upstream.ts'
import type { Loaded } from './inputs.ts'

export type Embedded = {
  readonly lock: Loaded<Lock>
  /** One layout per variant, as `npm run build` writes it. */
  readonly references: readonly string[]
  close(): Promise<void>
}

/** Makes the upstream, derives its lock and builds every variant of the contract, or `variant` alone. */
export async function buildEmbedded(
  contract: Contract,
  options: { readonly variant?: string | undefined; readonly signal?: AbortSignal },
): Promise<Embedded> {
  const folder = await mkdtemp(join(tmpdir(), 'talos-image-embedded-'))
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const upstream = await openEmbedded()
  try {
    const { lock, name } = upstream
    const variants = options.variant === undefined ? Object.keys(contract.variants) : [options.variant]
    const built = await Promise.all(
      variants.map((variant) =>
        assemble(planVariant({ lock, contract, variant }), {
          upstream,
          output: join(folder, variant),
          signal: options.signal,
        }),
      ),
    )
    const sha256 = createHash('sha256').update(formatLock(lock)).digest('hex')
    return { lock: { value: lock, path: name, sha256 }, references: built.map(({ output }) => `oci:${output}`), close }
  } catch (error) {
    await close()
    throw error
  } finally {
    await upstream.close()
  }
}
