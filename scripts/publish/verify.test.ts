// The closing verdict on what was published, where the registry does not answer.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseOptions, type PublishCommand } from './options.ts'
import { verifyPublished } from './verify.ts'

const options = parseOptions(['out', 'ghcr.io/you', '--no-sign']) as PublishCommand
const published = { references: ['ghcr.io/you/talos-spin-only:v1'], report: Buffer.from('{"judged":"before"}') }

// A folder of this file's own: report/ is written by every test that publishes, some of them at the same time.
let folder = ''
let path = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-'))
  path = join(folder, 'published.json')
})
afterAll(() => rm(folder, { recursive: true }))

const read = (): Promise<string> => readFile(path, 'utf8')

let stderr = ''
beforeEach(() => {
  stderr = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(path, { force: true })
})

describe('verifyPublished', () => {
  it('leaves the verdict that it was published on where no other came to be', async () => {
    await writeFile(path, 'of an earlier run')
    expect(await verifyPublished(published, options, async () => 2, path)).toBe(2)
    expect(stderr).toBe(
      `published, but not judged where it is: the registry could not be asked for all of it; ${path} has the verdict that it was published on; rerun to resume\n`,
    )
    expect(await read()).toBe('{"judged":"before"}')
  })

  it('leaves what could be judged where not all could', async () => {
    const judge = async (args: readonly string[]): Promise<number> => {
      expect(args.slice(0, 4)).toEqual([...published.references, '--from-bytes', '--report', path])
      await writeFile(path, '{"a":"part"}')
      return 2
    }
    expect(await verifyPublished(published, options, judge, path)).toBe(2)
    expect(stderr).toContain(`${path} has what could be judged; rerun to resume\n`)
    expect(await read()).toBe('{"a":"part"}')
  })

  it('says that there is no verdict at all on what was forced without one', async () => {
    expect(await verifyPublished({ ...published, report: undefined }, options, async () => 2, path)).toBe(2)
    expect(stderr).toContain('there is no verdict on it; rerun to resume')
  })

  it.each([0, 1])('adds nothing to the verdict %i', async (status) => {
    expect(await verifyPublished(published, options, async () => status, path)).toBe(status)
    expect(stderr).toBe('')
  })
})
