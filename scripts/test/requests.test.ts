// The requests of a verdict to a registry: each manifest and each blob is asked for once, and a reference is parsed once.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'

const parsed = vi.hoisted((): string[] => [])
vi.mock('#harness/oci/image/reference.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('#harness/oci/image/reference.ts')>()
  return {
    ...original,
    parseReference(text: string) {
      parsed.push(text)
      return original.parseReference(text)
    },
  }
})

// Tests of one worker share its modules: those that came before know nothing of the mock, those that come after must not.
vi.resetModules()
const { main } = await import('./main.ts')
afterAll(() => {
  vi.doUnmock('#harness/oci/image/reference.ts')
  vi.resetModules()
})

const GOLDEN = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'
const folder = await mkdtemp(join(tmpdir(), 'requests-'))
const report = join(folder, 'report.json')
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => void parsed.splice(0))

describe('npm test on an image in a registry', { timeout: 120_000 }, () => {
  it('asks once for each manifest and blob, also for the page with its contents', async () => {
    await using registry = await startRegistry()
    await pushReference(registry, GOLDEN, 'you/spin-only', 'v1')
    const before = registry.requests.length
    const reference = `${registry.host}/you/spin-only:v1`
    const { exit, stderr } = await runCommand(main, [
      reference,
      '--variant=spin-only',
      '--target=installer',
      '--lock=fixtures/golden/lock-v1.11.5.json',
      `--cache=${join(folder, 'cache')}`,
      `--report=${report}`,
      `--output=html=${join(folder, 'page.html')}`,
    ])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
    expect(candidates[0]?.contents?.extensions).not.toEqual([])

    const asked = registry.requests.slice(before).map(({ method, path }) => `${method} ${path}`)
    const content = asked.filter((one) => /\/(?:manifests|blobs)\//.test(one))
    expect(content.filter((one) => one.includes('/blobs/'))).toHaveLength(3)
    expect(content.filter((one, at) => content.indexOf(one) < at)).toEqual([])
    // A manifest that was named by its tag is not asked for by its digest as well.
    expect(content.filter((one) => one.includes(`/manifests/${candidates[0]?.digest}`))).toEqual([])
    expect(parsed.filter((text) => text === reference)).toHaveLength(1)
  })

  it('parses nothing again of what is on disk', async () => {
    const { exit } = await runCommand(main, [
      GOLDEN,
      '--variant=spin-only',
      '--only=OCI-001',
      '--structure-only',
      `--report=${report}`,
    ])
    expect(exit).toBe(0)
    expect(parsed).toEqual([GOLDEN])
  })
})
