// Candidates for the selftest that are boot media.
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { readGolden } from '#fixtures/counterexamples/candidate.ts'
import { DEFAULT_GOLDEN } from '#fixtures/counterexamples/counterexample.ts'
import type { MediumCounterexample } from '#fixtures/counterexamples/media/counterexample.ts'
import type { SparseFile } from '#fixtures/media/sparse.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { contractOf, lockOf, variantOf, type Prepared } from './prepare.ts'

/** Makes the medium, writes it below `folder`, and says what must come of it. */
export async function prepareMedium(example: MediumCounterexample, folder: string): Promise<Prepared> {
  const { name, form, violates, inconclusive = [] } = example
  const golden = example.of ?? DEFAULT_GOLDEN
  const lock = await lockOf(golden)
  const baseline = await contractOf(golden)
  const contract = example.contract?.(baseline) ?? baseline
  const files = await example.make({ image: await readGolden(golden), lock, contract })
  const place = join(folder, name)
  await mkdir(place, { recursive: true })
  for (const file of files) await writeSparse(file, place)
  const path = form === 'dir' ? place : join(place, files[0]?.name ?? '')
  return {
    candidate: {
      key: name,
      variant: variantOf(golden),
      references: { media: parseReference(`${form}:${path}`) },
      parts: { media: { image: false, form } },
      pinned: true,
      lock,
      contract,
    },
    expected: { violates, inconclusive },
  }
}

async function writeSparse({ name, size, pieces }: SparseFile, place: string): Promise<void> {
  const file = await open(join(place, name), 'w')
  try {
    for (const { offset, data } of pieces) await file.write(data, 0, data.length, offset)
    await file.truncate(size)
  } finally {
    await file.close()
  }
}
