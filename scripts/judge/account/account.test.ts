import { parseReference } from '#harness/oci/image/reference.ts'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Spool } from '#harness/bytes/spool.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import { ROOT } from '../../root.ts'
import { accountOf } from './image.ts'
import { renderAccount } from './render.ts'
import { allGaps, sumsOf, type Leaf, type Span } from './span.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'account-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(golden: string): Promise<readonly Span[]> {
  const reference = `docker-archive:${join(ROOT, 'fixtures/golden', golden, 'installer-arm64.tar')}`
  const part = await openInstaller(parseReference(reference), { spool: new Spool(join(folder, 'spool')) })
  try {
    return await accountOf(part)
  } finally {
    await part.close()
  }
}

function leavesOf(spans: readonly Span[]): readonly Leaf[] {
  return spans.flatMap((span) => ('basis' in span ? [span] : leavesOf(span.parts)))
}

/** Bytes that two parts of one range claim. */
function overlaps(spans: readonly Span[]): readonly string[] {
  return spans.flatMap((span) => {
    if ('basis' in span) return []
    const parts = span.parts.toSorted((a, b) => a.offset - b.offset)
    const own = parts.filter((part, at) => {
      const before = parts[at - 1]
      return before !== undefined && part.offset < before.offset + before.size
    })
    return [...own.map(({ name, offset }) => `${span.name}: ${name} at ${offset}`), ...overlaps(span.parts)]
  })
}

describe.each(['v1.11.5-plain', 'v1.11.5-spin-only', 'v1.11.5-spin-tailscale', 'v1.13.9-spin-tailscale'])(
  'the account of %s',
  (golden) => {
    it('has every byte once', async () => {
      const spans = await read(golden)
      expect(allGaps(spans)).toEqual([])
      expect(overlaps(spans)).toEqual([])
    })

    it('names a rule for all that is not free, and the free bytes of the list only', async () => {
      const index = JSON.parse(await readFile(join(ROOT, 'specs/contract/rule-index.json'), 'utf8')) as {
        requirements: readonly { id: string }[]
      }
      const leaves = leavesOf(await read(golden))
      const rules = new Set(leaves.filter(({ basis }) => basis !== 'free').map(({ rule }) => rule))
      expect([...rules].filter((rule) => !index.requirements.some(({ id }) => id === rule))).toEqual([])
      const reasons = new Set(leaves.filter(({ basis }) => basis === 'free').map(({ by }) => by))
      const list = ['no node acts on a time', 'the kernel ignores a directory’s links']
      expect([...reasons].filter((reason) => !list.includes(reason))).toEqual([])
    })
  },
)

describe('the account of an image', () => {
  it('is shown as a tree with sums', async () => {
    const spans = await read('v1.11.5-spin-tailscale')
    const text = renderAccount('x', spans)
    expect(text).toContain('598528+10752 .linux: pinned by lock.kernel (KRN-005)')
    expect(text).toContain('8+4 modification time: free because no node acts on a time')
    expect(text).toMatch(/\nunaccounted +0 bytes {4}0\.00 %\n$/)
    expect(sumsOf(spans).unaccounted).toBe(0)
  })
})
