// The order of test files: what takes long and is little text comes first, so that no core waits for it at the end. Vitest
// alone takes the largest first where it knows no durations, as in a clean clone.
import { join } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { ROOT } from '../root.ts'

/** By the time they took beside the selftest, most of it that of processes or of waiting; each took more than 6 s. */
export const FIRST = [
  'scripts/drift/main.test.ts',
  'scripts/embedded/variants.test.ts',
  'fixtures/publish/push-failures.test.ts',
  'scripts/test/command.test.ts',
  'scripts/release.test.ts',
  'fixtures/signing/wrong-signatures.test.ts',
  'scripts/embedded/examples.test.ts',
  'scripts/rule-index/main.test.ts',
  'scripts/judge/run/sabotage.test.ts',
  'scripts/node/main.test.ts',
  'fixtures/registry-client/faults.test.ts',
  'fixtures/simulator/upstream/upstream.test.ts',
  'scripts/lock/choices.test.ts',
  'scripts/action/action.test.ts',
  'scripts/lock/wrong-upstream.test.ts',
  'scripts/cli/ends.test.ts',
  'fixtures/publish/resumed.test.ts',
  'scripts/boot/guest.test.ts',
  'scripts/test/unanswered.test.ts',
  'scripts/cli/interrupt.test.ts',
  'scripts/lock/budget.test.ts',
  'scripts/drift/own-parts.test.ts',
  'fixtures/golden/build-process.test.ts',
  // Oracles, which no run has beside the others.
  'scripts/package/install.oracle.test.ts',
  'scripts/judge/outputs/html/page.oracle.test.ts',
  'fixtures/golden/squashfs.oracle.test.ts',
  'scripts/drift/verdict.oracle.test.ts',
  'build/formats/squashfs/squashfs.oracle.test.ts',
  'fixtures/publish/publish.oracle.test.ts',
  'scripts/report/shards.oracle.test.ts',
  'fixtures/golden/build.oracle.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's own method
    return longestFirst(await super.sort(files), ({ moduleId }) => moduleId)
  }
}

/** The same, those of FIRST before the others. */
export function longestFirst<T>(files: readonly T[], pathOf: (file: T) => string): T[] {
  const places = new Map(FIRST.map((path, at) => [join(ROOT, path), at]))
  const placeOf = (file: T): number => places.get(pathOf(file)) ?? FIRST.length
  return files.toSorted((one, other) => placeOf(one) - placeOf(other))
}
