// A release from upstream to a channel, by the commands that README.md shows, against the registry of a rehearsal.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { OF_CLONE, rehearse } from './testing/rehearsal.ts'

/** An idle machine takes twenty seconds for all of it. */
const PATIENCE_MS = 240_000

it('locks, builds, judges, publishes and promotes', { timeout: PATIENCE_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'release-'))
  try {
    const { host, steps } = await rehearse(OF_CLONE, folder)
    const [, lock, build, test, publish, promote] = steps
    expect(steps.find(({ status }) => status !== 0)).toBeUndefined()
    expect(steps.map(({ name }) => name)).toEqual(['init', 'lock', 'build', 'test', 'publish', 'promote'])
    expect(lock?.output).toMatch(/^ {2}signed {6}11 of 11 images by /m)
    expect(build?.output).toContain('npm test -- oci:out/spin-only:v1.11.5 oci:out/spin-tailscale:v1.11.5')
    expect(test?.output).toMatch(/^GREEN: 2 candidates and their release: /m)
    expect(publish?.output).toMatch(/^SUP {7}5 /m)
    expect(publish?.output).toMatch(/^GREEN: 2 candidates and their release: /m)
    expect(promote?.output).toContain(`${host}/you/talos-spin-only:demo-stable was nothing, is sha256:`)
  } finally {
    await rm(folder, { recursive: true })
  }
})
