// Advisories that the README lists: each is named by its test.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const readme = await readFile(join(ROOT, 'harness/README.md'), 'utf8')
const rows = [...readme.matchAll(/^\| ((?:CVE|GHSA)-[^|]*?) +\|[^|]*\| ((?:harness|fixtures)\/\S+\.ts) +\|$/gm)]

describe('advisories', () => {
  it('are listed', () => {
    expect(rows.length).toBeGreaterThanOrEqual(16)
  })

  it.each(rows.map(([, ids = '', file = '']) => [ids, file] as const))('%s: %s names it', async (ids, file) => {
    const text = await readFile(join(ROOT, file), 'utf8')
    expect(ids.split(', ').filter((id) => !text.includes(id))).toEqual([])
  })
})
