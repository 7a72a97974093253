import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { INVENTORY, REPORT_FIELDS, REPORT_TITLE } from './asset-tree.ts'
import { parseBuildReport } from './build-report.ts'

const HEX = '0'.repeat(64)
const ASSET = `0644 10752 ${HEX} ./boot/vmlinuz`
const SOUND = [REPORT_TITLE, ...REPORT_FIELDS.map((field) => `${field}: of ${field}`), INVENTORY, ASSET, ''].join('\n')
const where = { path: 'build-report.txt' }

describe('parseBuildReport', () => {
  it('reads title, fields and inventory', () => {
    const { title, fields, inventory } = parseBuildReport(SOUND, where)
    expect([title, fields['Build Date']]).toEqual([REPORT_TITLE, 'of Build Date'])
    expect(inventory).toEqual([{ mode: '0644', size: 10752, sha256: HEX, path: 'boot/vmlinuz' }])
  })

  it.each([
    ['an empty field', SOUND.replace('of Total Assets', ' '), 'expected "Total Assets: …"'],
    ['a missing field', SOUND.replace(/^Talos Version.*\n/m, ''), 'expected "Talos Version: …"'],
    ['fields in another order', SOUND.replace('Build Date', 'Build Time'), 'expected "Build Date: …"'],
    ['no inventory', SOUND.replace(INVENTORY, 'Assets:'), `expected "${INVENTORY}"`],
    ['a line that is no asset', SOUND.replace(ASSET, 'vmlinuz'), 'expected "<mode> <size> <sha256> ./<path>"'],
    ['no newline at the end', SOUND.trimEnd(), 'expected a newline at the end'],
  ])('refuses %s', async (_, text, message) => {
    const error = await expectCode(() => parseBuildReport(text, where), FormatError, 'MALFORMED')
    expect(error.message).toContain(message)
    expect(error.at?.offset).toBeGreaterThan(0)
  })
})
