import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../bytes/digest.ts'
import { FormatError, HarnessError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { parseReference, renderReference } from './reference.ts'

const HEX = 'ab'.repeat(32)
const DIGEST = parseDigest(`sha256:${HEX}`)

const registry = (host: string, repository: string, rest: object = {}) => ({
  kind: 'registry',
  registry: host,
  repository,
  ...rest,
})

describe('parseReference', () => {
  it.for([
    ['ghcr.io/you/talos-spin-only:v1.11.5', registry('ghcr.io', 'you/talos-spin-only', { tag: 'v1.11.5' })],
    [`ghcr.io/a/b@${DIGEST}`, registry('ghcr.io', 'a/b', { digest: DIGEST })],
    [`ghcr.io/a/b:v1@${DIGEST}`, registry('ghcr.io', 'a/b', { tag: 'v1', digest: DIGEST })],
    ['ghcr.io/a/b', registry('ghcr.io', 'a/b')],
    ['alpine', registry('docker.io', 'library/alpine')],
    ['alpine:3', registry('docker.io', 'library/alpine', { tag: '3' })],
    ['you/image', registry('docker.io', 'you/image')],
    ['docker.io/alpine', registry('docker.io', 'library/alpine')],
    ['index.docker.io/you/image', registry('docker.io', 'you/image')],
    ['localhost/x', registry('localhost', 'x')],
    ['localhost:5000/x/y:tag', registry('localhost:5000', 'x/y', { tag: 'tag' })],
    ['[::1]:5000/x:tag', registry('[::1]:5000', 'x', { tag: 'tag' })],
    ['[2001:db8::1]/x', registry('[2001:db8::1]', 'x')],
    ['127.0.0.1:5000/a__b/c--d/e.f', registry('127.0.0.1:5000', 'a__b/c--d/e.f')],
    ['MyHost/x', registry('MyHost', 'x')],
  ] as const)('reads %s', ([text, expected]) => {
    expect(parseReference(text)).toEqual(expected)
  })

  it.for([
    ['oci:out/spin-only', { kind: 'oci', path: 'out/spin-only' }],
    ['oci:out:v1.11.5', { kind: 'oci', path: 'out', tag: 'v1.11.5' }],
    ['oci:out:ghcr.io/a/b:v1', { kind: 'oci', path: 'out', tag: 'ghcr.io/a/b:v1' }],
    [`oci:out@${DIGEST}`, { kind: 'oci', path: 'out', digest: DIGEST }],
    [`oci:out:v1@${DIGEST}`, { kind: 'oci', path: 'out', tag: 'v1', digest: DIGEST }],
    ['oci:me@home/out', { kind: 'oci', path: 'me@home/out' }],
    ['oci-archive:x.tar', { kind: 'oci-archive', path: 'x.tar' }],
    ['oci-archive:x.tar:v1', { kind: 'oci-archive', path: 'x.tar', tag: 'v1' }],
    ['docker-archive:/a/installer-arm64.tar', { kind: 'docker-archive', path: '/a/installer-arm64.tar' }],
    ['docker-archive:x.tar:ghcr.io/a:v1', { kind: 'docker-archive', path: 'x.tar', tag: 'ghcr.io/a:v1' }],
    ['dir:assets/talos/arm64', { kind: 'dir', path: 'assets/talos/arm64' }],
    ['dir:with:colon', { kind: 'dir', path: 'with:colon' }],
    ['uki:metal-arm64-uki.efi', { kind: 'uki', path: 'metal-arm64-uki.efi' }],
    ['iso:a/metal-arm64.iso', { kind: 'iso', path: 'a/metal-arm64.iso' }],
    ['raw:C:metal-arm64.raw.zst', { kind: 'raw', path: 'C:metal-arm64.raw.zst' }],
  ] as const)('reads %s', ([text, expected]) => {
    expect(parseReference(text)).toEqual(expected)
  })

  it.for([
    ['', 'nothing'],
    [' ', 'a blank'],
    ['docker://ghcr.io/a/b', 'the transport of another tool'],
    ['https://ghcr.io/a/b', 'a URL'],
    ['ghcr.io/A/b', 'upper case in a repository'],
    ['ghcr.io/', 'no repository'],
    ['ghcr.io/a//b', 'an empty part'],
    ['ghcr.io/../b', 'a path'],
    ['/a/b', 'no host'],
    ['ghcr.io/a:', 'an empty tag'],
    ['ghcr.io/a:-x', 'a tag that starts with a dash'],
    [`ghcr.io/a:${'x'.repeat(129)}`, 'a tag of 129 characters'],
    ['ghcr.io/a@sha256:1234', 'a digest cut short'],
    [`ghcr.io/a@${DIGEST}@${DIGEST}`, 'two digests'],
    ['ghcr.io:99999/a', 'a port beyond 65535'],
    ['ghcr.io:x/a', 'a port that is no number'],
    ['gh_cr.io/a', 'a host with an underscore'],
    ['[::1]:5000', 'a host alone'],
    ['[zz::1]/a', 'no IPv6 address'],
    [`ghcr.io/${'a'.repeat(250)}`, 'a name of 258 characters'],
    ['oci:', 'no path'],
    ['oci::tag', 'a tag without a path'],
    ['oci:out:', 'an empty tag'],
    ['oci:out:a//b', 'a tag outside the grammar'],
    ['oci-archive:', 'no path'],
    ['docker-archive:', 'no path'],
    ['uki:', 'no path'],
    ['iso:', 'no path'],
    ['raw:', 'no path'],
    ['dir:', 'no path'],
    ['a'.repeat(5000), 'five thousand characters'],
  ] as const)('refuses %j: %s', async ([text]) => {
    const error = await expectCode(() => parseReference(text), FormatError, 'MALFORMED')
    expect(error.message).toContain('oci:PATH[:TAG]')
    expect(error.message.length).toBeLessThan(700)
  })

  it('renders what parses to the same again', () => {
    const alphabet = fc.constantFrom('a', 'B', '1', '.', '-', '_', '/', ':', '@', '[', ']', 'oci:', 'x.io/', DIGEST)
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
        const reference = attempt(parts.join(''))
        if (reference === undefined) return
        expect(parseReference(renderReference(reference))).toEqual(reference)
      }),
      { numRuns: 3000 },
    )
  })
})

function attempt(text: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}
