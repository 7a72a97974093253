// One image in the three forms that skopeo writes: the verdict is about the image, not about how it is kept.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTool } from '#fixtures/golden/run-tool.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { runConform } from '../testing/run-script.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')
const NAME = 'v1.11.5-spin-tailscale'

describe('skopeo', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conform-oracle-'))
    const copy = (from: string, to: string): Promise<unknown> =>
      runTool(
        'skopeo',
        ['--insecure-policy', '--override-os=linux', '--override-arch=arm64', 'copy', '--quiet', from, to],
        {
          cwd: folder,
        },
      )
    await copy(`docker-archive:${GOLDEN}/${NAME}/installer-arm64.tar`, 'oci:layout:v1')
    await copy('oci:layout:v1', 'oci-archive:image.tar:v1')
    await copy('oci:layout:v1', 'docker-archive:docker.tar:example.test/talos:v1')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('keeps an image in every form with the same status of every rule', async () => {
    const references = [
      `docker-archive:${GOLDEN}/${NAME}/installer-arm64.tar`,
      `oci:${folder}/layout:v1`,
      `oci-archive:${folder}/image.tar:v1`,
      `docker-archive:${folder}/docker.tar`,
    ]
    const report = join(folder, 'conformance.json')
    const lock = join(GOLDEN, 'lock-v1.11.5.json')
    const args = ['--variant', 'spin-tailscale', '--target', 'installer', '--lock', lock, '--report', report]
    const { status } = await runConform([...references, ...args])
    const { candidates } = JSON.parse(await readFile(report, 'utf8')) as Conformance
    const [original, ...converted] = candidates.map(({ rules }) => rules.map(({ id, status: one }) => `${id} ${one}`))
    expect(status).toBe(0)
    expect(original?.length).toBeGreaterThan(50)
    expect(converted).toEqual([original, original, original])
  })
})
