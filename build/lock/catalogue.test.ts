import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { parseImageDigests } from './catalogue.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const AT = { path: 'image-digests' }

describe('parseImageDigests', () => {
  it('reads a line for each extension', () => {
    const line = `ghcr.io/siderolabs/drbd:9.2.14-v1.11.5@${DIGEST}`
    expect(parseImageDigests(`\n${line}\r\nlocalhost:5000/spin:v0.21.0@${DIGEST}\n`, AT)).toEqual([
      {
        name: 'drbd',
        tag: '9.2.14-v1.11.5',
        reference: 'ghcr.io/siderolabs/drbd:9.2.14-v1.11.5',
        digest: DIGEST,
        line,
      },
      expect.objectContaining({ name: 'spin', reference: 'localhost:5000/spin:v0.21.0' }),
    ])
  })

  it.each([
    [
      'no digest',
      'ghcr.io/siderolabs/drbd:9.2.14',
      '<repository>:<tag>@<digest>, got "ghcr.io/siderolabs/drbd:9.2.14"',
    ],
    ['no tag', `ghcr.io/siderolabs/drbd@${DIGEST}`, '<repository>:<tag>@<digest>'],
    ['a layout', `oci:drbd@${DIGEST}`, '<repository>:<tag>@<digest>'],
    ['no reference', '\u0000 x', 'got "\\u0000 x"'],
    ['two of one name', `a.b/c/drbd:1@${DIGEST}\nd.e/drbd:1@${DIGEST}`, 'expected drbd once, got it twice'],
  ])('refuses %s', async (_, text, message) => {
    const error = await expectCode(() => parseImageDigests(text, AT), FormatError, 'MALFORMED')
    expect(error.message).toContain(message)
    expect(error.at).toEqual(AT)
  })
})
