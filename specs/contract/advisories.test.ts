import { describe, expect, it } from 'vitest'
import { FormatError, SchemaError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { parseAdvisories, shippedAdvisories } from './advisories.ts'

const parse = (text: string) => parseAdvisories(Buffer.from(text), 'advisories.yaml')
const ENTRY = `  - id: one
    title: something is wrong
    source: https://example.com/report
    level: must
    effect: nothing that anybody would like
`

describe('parseAdvisories', () => {
  it('reads those that are shipped, each with its report', async () => {
    const shipped = await shippedAdvisories()
    expect(shipped.length).toBeGreaterThanOrEqual(7)
    for (const { source } of shipped)
      expect(source).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w-]+\/(issues|pull)\/\d+$/)
  })

  it('reads an entry without code of its own', () => {
    const [entry] = parse(`schema: 1\nadvisories:\n${ENTRY}    talos: '>=1.12.0 <1.13.0'\n`)
    expect(entry).toMatchObject({ id: 'one', talos: '>=1.12.0 <1.13.0' })
  })

  it.each([
    ['a level that is none', ENTRY.replace('level: must', 'level: maybe'), 6],
    ['a range that is none', `${ENTRY}    talos: newest\n`, 8],
    ['a source that is no address', ENTRY.replace('https://example.com/report', 'somewhere'), 5],
    ['an unknown condition', `${ENTRY}    when: { flavour: sweet }\n`, 8],
    ['the second of two', `${ENTRY}${ENTRY.replace('id: one', 'id: Two')}`, 8],
  ])('locates %s', async (_, entries, line) => {
    const error = await expectCode(() => parse(`schema: 1\nadvisories:\n${entries}`), SchemaError, 'SCHEMA')
    expect(error.at).toMatchObject({ path: 'advisories.yaml', line })
  })

  it('refuses an id twice', async () => {
    const error = await expectCode(() => parse(`schema: 1\nadvisories:\n${ENTRY}${ENTRY}`), FormatError, 'MALFORMED')
    expect(error.message).toContain('expected one once, got it twice')
  })
})
