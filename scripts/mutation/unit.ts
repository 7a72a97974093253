// The unit tests beside a helper, run on each of its mutants that the selftest lets live.
import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Mutant } from './mutant.ts'
import { readModules } from './modules.ts'
import { runJob } from './pool.ts'
import { VALID } from './worker/plan.ts'
import { MUTANTS, withImports } from './write.ts'

/** `specs/config/subnet.ts` → `specs/config/subnet.test.ts`. */
function testOf(file: string): string {
  return file.replace(/(\.spec)?\.ts$/, '.test.ts')
}

/** Name of a mutant that is written below `root` → the unit test that fails on it. */
export async function runUnitTests(
  mutants: readonly Mutant[],
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<ReadonlyMap<string, string>> {
  const files = [...new Set(mutants.map(({ file }) => file))]
  const tested = new Map<string, string>()
  for (const file of files) {
    const exists = await access(join(root, testOf(file))).then(
      () => true,
      () => false,
    )
    if (exists) tested.set(file, testOf(file))
  }
  const chosen = mutants.filter(({ file }) => tested.has(file))
  if (chosen.length === 0) return new Map()
  const tests = await readModules(root, [...tested.values()])
  for (const { name, file } of chosen) {
    const test = testOf(file)
    const path = join(MUTANTS, name, test)
    const text = withImports(tests, test, path, (target) => (target === file ? join(MUTANTS, name, file) : target))
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const { records } = await runJob(folder, {
    kind: 'unit',
    root,
    include: [...tested.values(), ...chosen.map(({ name, file }) => `${MUTANTS}/${name}/${testOf(file)}`)],
    run: { candidates: [], cacheFolder: folder },
    plan: { choices: {}, entries: [], expected: {}, baseline: {} },
  })
  const red = records.filter((record) => record.kind === 'end').filter(({ broken }) => broken)
  // A test that is red in this place without any mutant says nothing about one.
  const useless = new Set(red.filter(({ mutant }) => mutant === VALID).map(({ file }) => file))
  const fileOf = new Map(chosen.map(({ name, file }) => [name, testOf(file)]))
  return new Map(
    red.flatMap(({ mutant }) => {
      const test = fileOf.get(mutant)
      return test === undefined || useless.has(test) ? [] : [[mutant, test] as const]
    }),
  )
}
