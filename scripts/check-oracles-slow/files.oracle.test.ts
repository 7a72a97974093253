import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compareCpio } from '#fixtures/oracles/files/cpio-read.ts'
import { seededRandom } from '#fixtures/random.ts'
import { judgeCpio } from './files.ts'

const SEED = 13

it('Linux and bsdcpio read an archive that no rule minds as the harness does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cpio-oracle-'))
  try {
    expect(await compareCpio(judgeCpio, seededRandom(SEED), 1000, folder)).toEqual([])
    // Without the rules there is something to notice.
    expect(await compareCpio(() => [], seededRandom(SEED), 200, folder)).not.toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
