// Files that pass all rules are read alike by Go, Linux' unpacker, bsdcpio and unsquashfs, over
// thousands of damaged tars, archives and images.
import { deepEqual } from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { compareCpio, type JudgeCpio } from '#fixtures/oracles/files/cpio-read.ts'
import { openGoTar } from '#fixtures/oracles/files/go-tar.ts'
import { compareSquashfs } from '#fixtures/oracles/files/squashfs-read.ts'
import { compareTars } from '#fixtures/oracles/files/tar-read.ts'
import { seededRandom } from '#fixtures/random.ts'
import { findNonNul } from '#harness/bytes/padding.ts'
import { CPIO_BLOCK_SIZE } from '#harness/formats/cpio/canonical.ts'
import { archiveFindings, unpackFindings } from '#specs/initramfs/archives.ts'
import type { Tools } from './fetch.ts'
import type { Check } from './tool.ts'

const SEED = 2026
const TARS = 20_000
const ARCHIVES = 4000
const IMAGES = 2500

/** As INI-001, INI-010 and INI-011 judge the archive of an extension segment; what follows it must be NUL to be read at all. */
export const judgeCpio: JudgeCpio = ({ entries, deviations, end }, bytes) => [
  ...unpackFindings(entries),
  ...archiveFindings(entries, deviations),
  ...(Math.ceil(end / CPIO_BLOCK_SIZE) * CPIO_BLOCK_SIZE === bytes.length && findNonNul(bytes.subarray(end)) < 0
    ? []
    : ['it does not end as cpio ends it']),
]

export function fileChecks({ folder }: Tools): readonly Check[] {
  const work = (): Promise<string> => mkdtemp(join(folder, 'files-'))
  return [
    { name: 'Go, layers by archive/tar', run: async () => agree(await compareGo(await work()), TARS) },
    {
      name: 'Linux and bsdcpio, extension segments',
      run: async () => agree(await compareCpio(judgeCpio, seededRandom(SEED), ARCHIVES, await work()), ARCHIVES),
    },
    {
      name: 'unsquashfs, layers of extensions',
      run: async () => agree(await compareSquashfs(await work(), seededRandom(SEED), IMAGES), IMAGES),
    },
  ]
}

async function compareGo(folder: string): Promise<readonly string[]> {
  const go = await openGoTar(folder)
  try {
    return await compareTars(go, seededRandom(SEED), TARS)
  } finally {
    go.close()
  }
}

function agree(found: readonly string[], count: number): string {
  deepEqual(found, [])
  return `${count} mutants, seed ${SEED}`
}
