// The closing verdict on what was published, where the registry does not answer.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseOptions, type PublishCommand } from './options.ts'
import { PUBLISHED_REPORT, verifyPublished } from './verify.ts'

const options = parseOptions(['out', 'ghcr.io/you', '--no-sign']) as PublishCommand
const published = { references: ['ghcr.io/you/talos-spin-only:v1'], report: Buffer.from('{"judged":"before"}') }
const read = (): Promise<string> => readFile(PUBLISHED_REPORT, 'utf8')

let stderr = ''
beforeEach(() => {
  stderr = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(PUBLISHED_REPORT, { force: true })
})

describe('verifyPublished', () => {
  it('leaves the verdict that it was published on where no other came to be', async () => {
    await writeFile(PUBLISHED_REPORT, 'of an earlier run')
    expect(await verifyPublished(published, options, async () => 2)).toBe(2)
    expect(stderr).toBe(
      `published, but not judged where it is: the registry could not be asked for all of it; ${PUBLISHED_REPORT} has the verdict that it was published on; rerun to resume\n`,
    )
    expect(await read()).toBe('{"judged":"before"}')
  })

  it('leaves what could be judged where not all could', async () => {
    const judge = async (args: readonly string[]): Promise<number> => {
      expect(args.slice(0, 3)).toEqual([...published.references, '--report', PUBLISHED_REPORT])
      await writeFile(PUBLISHED_REPORT, '{"a":"part"}')
      return 2
    }
    expect(await verifyPublished(published, options, judge)).toBe(2)
    expect(stderr).toContain(`${PUBLISHED_REPORT} has what could be judged; rerun to resume\n`)
    expect(await read()).toBe('{"a":"part"}')
  })

  it('says that there is no verdict at all on what was forced without one', async () => {
    expect(await verifyPublished({ ...published, report: undefined }, options, async () => 2)).toBe(2)
    expect(stderr).toContain('there is no verdict on it; rerun to resume')
  })

  it.each([0, 1])('adds nothing to the verdict %i', async (status) => {
    expect(await verifyPublished(published, options, async () => status)).toBe(status)
    expect(stderr).toBe('')
  })
})
