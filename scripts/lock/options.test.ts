import { describe, expect, it, vi } from 'vitest'
import { UsageError } from '../cli/command-line.ts'
import { newestOf } from './upstream/latest.ts'
import { parseOptions } from './options.ts'
import { parseNamespace } from './upstream/upstream.ts'

describe('parseOptions', () => {
  it('asks for little', () => {
    expect(parseOptions(['--talos', 'v1.11.5'])).toEqual({
      talos: 'v1.11.5',
      latest: false,
      lock: 'specs/contract/upstream.lock.json',
      verify: true,
      acceptMoved: false,
      check: false,
    })
  })

  it('takes --output for --lock, and what registries need', () => {
    expect(
      parseOptions(['--latest', '--output', '-', '--no-verify', '--insecure', '--ca-file', 'ca.pem']),
    ).toMatchObject({
      latest: true,
      lock: '-',
      verify: false,
      insecure: true,
      caFile: 'ca.pem',
    })
  })

  it('prints what it takes', () => {
    let text = ''
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => (text += String(chunk)) !== '')
    expect(parseOptions(['--help'])).toBe(undefined)
    spy.mockRestore()
    expect(text).toContain('--accept-moved')
    expect(text).toContain('3 drift')
  })

  it.for<readonly [string, readonly string[], string]>([
    ['no release', [], 'which release? --talos vX.Y.Z names one'],
    ['two releases', ['--talos', 'v1.11.5', '--latest'], 'give one of them'],
    ['a release that is none', ['--talos', '1.11'], 'expects a tag of Talos such as v1.11.5, got 1.11'],
    ['two files', ['--talos', 'v1.11.5', '--lock', 'a', '--output', 'b'], '--lock and --output are one'],
    ['a check of standard output', ['--check', '--lock', '-'], 'there is none on standard output'],
    ['the newest without a network', ['--latest', '--offline'], 'name the release with --talos'],
    ['a folder and a registry', ['--from', 'a', '--upstream', 'b.c/d'], '--from reads a folder'],
    ['what there is not', ['--nope'], "unknown option '--nope' (npm run lock -- --help says more)"],
  ])('refuses %s', ([, args, message]) => {
    expect(() => parseOptions(args)).toThrow(UsageError)
    expect(() => parseOptions(args)).toThrow(message)
  })
})

describe('parseNamespace', () => {
  it.for([
    ['ghcr.io/siderolabs/', 'ghcr.io/siderolabs'],
    ['localhost/mirror', 'localhost/mirror'],
    ['127.0.0.1:5000', '127.0.0.1:5000'],
  ] as const)('takes %s', ([text, expected]) => expect(parseNamespace(text)).toBe(expected))

  it.for(['siderolabs', './folder', '', 'oci:layout', 'ghcr.io/Upper', 'ghcr.io/a:v1'])('refuses %s', (text) => {
    expect(() => parseNamespace(text)).toThrow(UsageError)
  })
})

describe('newestOf', () => {
  it.for<readonly [readonly string[], string | undefined]>([
    [['v1.11.9', 'v1.11.10', 'v1.12.0-beta.1', 'latest'], 'v1.11.10'],
    [['v1.14.9', 'v1.15.0', 'v2.0.0', 'sha256-abc.sig', 'v1.14.10-amd64'], 'v1.14.9'],
    [['v1.10.9', '1.11.5', 'v1.11.5.6'], undefined],
  ])('of %j is %s', ([tags, expected]) => expect(newestOf(tags, '>=1.11.0 <1.15.0')).toBe(expected))
})
