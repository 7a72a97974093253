// Two publishers, two promoters beside a publisher, and two readers of one cache of which one is killed: thirty rounds, each a
// little later than the one before.
import { deepEqual, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRound } from '#fixtures/registry-client/crash-rounds.ts'
import { putSample, ROOT } from '#fixtures/registry-client/sample.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { promotersRound, publishersRound, writeReleases, type Releases } from './publish-races.ts'
import type { Check } from '../tool.ts'

const ROUNDS = 30
const STEP_MS = 4

export function raceChecks(): readonly Check[] {
  return [
    {
      name: 'two publishers at once',
      run: () => play((one, delayMs) => publishersRound(one, { conditions: true, delayMs })),
    },
    {
      name: 'two publishers at once, where the registry knows no conditions',
      run: () => play((one, delayMs) => publishersRound(one, { conditions: false, delayMs })),
    },
    {
      name: 'two promoters while another publishes',
      run: () => play((one, delayMs) => promotersRound(one, { conditions: true, delayMs })),
    },
    // Forty seconds of starting processes; five rounds are in fixtures/registry-client/concurrency.test.ts.
    { name: 'a reader beside one that is killed', run: readBesideKilled },
  ]
}

async function play(round: (releases: Releases, delayMs: number) => Promise<readonly string[]>): Promise<string> {
  const releases = await writeReleases()
  try {
    for (let at = 0; at < ROUNDS; at++) deepEqual([at, ...(await round(releases, at * STEP_MS))], [at])
    return `${ROUNDS} rounds`
  } finally {
    await releases.close()
  }
}

async function readBesideKilled(): Promise<string> {
  await using registry = await startRegistry()
  await putSample(registry.content)
  const folder = await mkdtemp(join(tmpdir(), 'readers-'))
  try {
    let killed = 0
    for (let at = 0; at < ROUNDS; at++) {
      const round = await runRound(`${registry.host}/a/b:v1`, join(folder, 'cache'), at / ROUNDS)
      deepEqual([at, ...round.invalid], [at])
      deepEqual([round.nextReader.digest, round.nextReader.baseline], [ROOT, [true, true, true, true]])
      deepEqual(round.survivor, round.nextReader)
      if (round.killed) killed++
    }
    // Or the moments were all too late, and nothing was shown.
    ok(killed > ROUNDS / 3, `${killed} of ${ROUNDS} were killed`)
    return `${killed} of ${ROUNDS} rounds killed one`
  } finally {
    await rm(folder, { recursive: true })
  }
}
