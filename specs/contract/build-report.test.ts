import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { INVENTORY, REPORT_FIELDS, REPORT_TITLE } from './asset-tree.ts'
import { parseBuildReport } from './build-report.ts'

const HEX = '0'.repeat(64)
const ASSET = `0644 10752 ${HEX} ./boot/vmlinuz`
const VALID = [REPORT_TITLE, ...REPORT_FIELDS.map((field) => `${field}: of ${field}`), INVENTORY, ASSET, ''].join('\n')
const where = { path: 'build-report.txt' }

describe('parseBuildReport', () => {
  it('reads title, fields and inventory', () => {
    const { title, fields, inventory } = parseBuildReport(VALID, where)
    expect([title, fields['Build Date']]).toEqual([REPORT_TITLE, 'of Build Date'])
    expect(inventory).toEqual([{ mode: '0644', size: 10752, sha256: HEX, path: 'boot/vmlinuz' }])
  })

  it.each([
    ['an empty field', VALID.replace('of Total Assets', ' '), 'expected "Total Assets: …"'],
    ['a missing field', VALID.replace(/^Talos Version.*\n/m, ''), 'expected "Talos Version: …"'],
    ['fields in another order', VALID.replace('Build Date', 'Build Time'), 'expected "Build Date: …"'],
    ['no inventory', VALID.replace(INVENTORY, 'Assets:'), `expected "${INVENTORY}"`],
    ['a line that is no asset', VALID.replace(ASSET, 'vmlinuz'), 'expected "<mode> <size> <sha256> ./<path>"'],
    ['no newline at the end', VALID.trimEnd(), 'expected a newline at the end'],
  ])('refuses %s', async (_, text, message) => {
    const error = await expectCode(() => parseBuildReport(text, where), FormatError, 'MALFORMED')
    expect(error.message).toContain(message)
    expect(error.at?.offset).toBeGreaterThan(0)
  })
})
