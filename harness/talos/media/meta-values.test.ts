import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { metaOnCommandLine, metaParameter, parseMetaValues } from './meta-values.ts'

const TEXT = '0xa=a=b;0x10='
const VALUES = [
  { key: 10, value: 'a=b' },
  { key: 16, value: '' },
]

describe('META values in a variable', () => {
  it('are read from base64, and from gzip in base64', async () => {
    expect(await parseMetaValues(Buffer.from(TEXT).toString('base64'))).toEqual(VALUES)
    expect(await parseMetaValues(gzipSync(TEXT).toString('base64'))).toEqual(VALUES)
    expect(await parseMetaValues('')).toEqual([])
  })

  it('are found on a command line as imager writes them there', async () => {
    expect(metaParameter(VALUES)).toBe(
      `talos.environment=INSTALLER_META_BASE64=${Buffer.from(TEXT).toString('base64')}`,
    )
    expect(await metaOnCommandLine(['quiet', 'talos.environment=A=b', metaParameter(VALUES)])).toEqual([VALUES])
  })

  it.each([
    ['!', 'MALFORMED'],
    [Buffer.from('a').toString('base64'), 'MALFORMED'],
    [Buffer.from('256=a').toString('base64'), 'MALFORMED'],
    [Buffer.from('0x1_0=a').toString('base64'), 'MALFORMED'],
    [gzipSync(Buffer.alloc(4 << 20)).toString('base64'), 'LIMIT_EXCEEDED'],
    [gzipSync(TEXT).subarray(0, 20).toString('base64'), 'TRUNCATED'],
  ] as const)('refuse %j as %s', async (text, code) => {
    const error = await expectCode(() => parseMetaValues(text), FormatError, code)
    expect(error.at?.path).toContain('INSTALLER_META_BASE64')
  })
})
