// Go's readers and writers of YAML and JSON against the harness's, over thousands of texts.
import { deepEqual } from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { compareJson } from '#fixtures/oracles/text/json-read.ts'
import { openGoReaders, type GoReader } from '#fixtures/oracles/text/go-readers.ts'
import { compareReading } from '#fixtures/oracles/text/yaml-read.ts'
import { compareSchematics } from '#fixtures/oracles/text/schematics.ts'
import { compareWriting } from '#fixtures/oracles/text/yaml-write.ts'
import { seededRandom } from '#fixtures/random.ts'
import type { Tools } from './fetch.ts'
import type { Check } from './tool.ts'

const SEED = 2026
const MUTANTS = 4000

type Compare = (readers: readonly GoReader[]) => Promise<readonly string[]>

export function goTextChecks({ folder }: Tools): readonly Check[] {
  const check = (name: string, compare: Compare): Check => ({ name: `Go, ${name}`, run: () => agree(folder, compare) })
  return [
    check('extensions.yaml by each go-yaml', (readers) => compareWriting(readers, seededRandom(SEED), MUTANTS)),
    check('manifests and services by each go-yaml', (readers) => compareReading(readers, seededRandom(SEED), MUTANTS)),
    check('schematics by each go-yaml', (readers) => compareSchematics(readers, seededRandom(SEED), MUTANTS)),
    check('image manifests by encoding/json', async ([reader]) =>
      reader === undefined ? ['no reader'] : compareJson(reader, seededRandom(SEED), MUTANTS),
    ),
  ]
}

async function agree(folder: string, compare: Compare): Promise<string> {
  const go = await openGoReaders(await mkdtemp(join(folder, 'go-readers-')))
  try {
    deepEqual(await compare(go.readers), [])
    return `${MUTANTS} mutants, seed ${SEED}`
  } finally {
    go.close()
  }
}
