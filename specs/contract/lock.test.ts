import { describe, expect, it } from 'vitest'
import { FormatError, SchemaError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { formatLock, parseLock, type Lock } from './lock.ts'

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const sha256 = '0'.repeat(64)
const extension = (name: string) => ({
  name,
  reference: `ghcr.io/siderolabs/${name}:1`,
  digest: digest('1'),
  version: '1',
})
const section = (name: string, address: number) => ({
  name,
  address,
  size: 16,
  rawSize: 512,
  flags: 0x40000040,
  sha256,
})
const LOCK: Lock = {
  schema: 2,
  talos: 'v1.11.5',
  systemdStub: {
    size: 2048,
    sha256,
    dosHeader: '00'.repeat(64),
    fileHeader: `64aa0200${'00'.repeat(16)}`,
    optionalHeader: '00'.repeat(240),
    sections: [section('.text', 0x1000), section('.sbat', 0x2000)],
  },
  installerBase: {
    reference: `ghcr.io/siderolabs/installer-base:v1.11.5@${digest('2')}`,
    digest: digest('2'),
    diffIds: [digest('3')],
    config: { Env: ['VERSION=v1.11.4', 'VERSION=v1.11.5'], Labels: { 'alpha.talos.dev/version': 'v1.11.5' } },
  },
  extensions: [
    { ...extension('zfs'), firmware: [{ path: 'usr/lib/firmware/a', sha256 }] },
    { ...extension('drbd'), firmware: [{ path: 'usr/lib/firmware/a', sha256 }] },
  ],
}

const parse = (lock: unknown): Lock => parseLock(Buffer.from(JSON.stringify(lock)), 'lock.json')

describe('parseLock', () => {
  it('takes a lock that says nothing, and one that says much', () => {
    expect(parse({ schema: 2 })).toEqual({ schema: 2 })
    expect(parse(LOCK)).toEqual(LOCK)
    expect(parse({ $schema: 'lock.schema.json', schema: 2 })).toEqual({ schema: 2 })
  })

  it.for([
    ['of schema 1', { schema: 1, talos: 'v1.13.9' }, 'npx talos-image lock --talos v1.13.9'],
    ['of a schema to come', { schema: 3, talos: '; rm -rf' }, 'npx talos-image lock --talos vX.Y.Z'],
    ['of a schema that is no number', { schema: '2' }, 'npx talos-image lock --talos vX.Y.Z'],
  ] as const)('refuses one %s with the command that writes it anew', async ([, value, command]) => {
    const error = await expectCode(() => parse(value), FormatError, 'UNSUPPORTED')
    expect(error.message.endsWith(`: ${command}`)).toBe(true)
  })

  const { systemdStub: stub, installerBase: base, extensions = [] } = LOCK
  it.for<readonly [string, object, string]>([
    ['without a schema', { schema: undefined }, '/schema'],
    ['with an unknown field', { kernal: {} }, '/kernal'],
    ['with two extensions of one name', { extensions: [...extensions, extension('zfs')] }, '/extensions/2/name'],
    [
      'with one firmware file twice',
      firmware('usr/lib/firmware/a', 'usr/lib/firmware/a'),
      '/extensions/0/firmware/1/path',
    ],
    ['with firmware elsewhere', firmware('usr/lib/a'), '/extensions/0/firmware/0/path'],
    ['with two digests of an image', { installerBase: { ...base, digest: digest('4') } }, '/installerBase/digest'],
    ['with an image of another release', { imager: image('imager:v1.11.4') }, '/imager/reference'],
    ['with a base of another release', { talos: 'v1.13.9' }, '/installerBase/config/Labels/alpha.talos.dev~1version'],
    [
      'with sections that its header does not count',
      { systemdStub: { ...stub, sections: [section('.a', 1)] } },
      '/systemdStub/sections',
    ],
    ['with a stub smaller than its sections', { systemdStub: { ...stub, size: 1023 } }, '/systemdStub/size'],
    [
      'with sections over each other',
      { systemdStub: { ...stub, sections: [section('.a', 1), section('.b', 16)] } },
      '/systemdStub/sections/1',
    ],
    ['with two overlays of one name', { overlays: [overlay('rpi'), overlay('rpi')] }, '/overlays/1/name'],
  ])('refuses one %s', async ([, change, path]) => {
    const error = await expectCode<SchemaError>(() => parse({ ...LOCK, ...change }), SchemaError, 'SCHEMA')
    expect(error.issues.map((issue) => issue.path)).toContain(path)
    for (const { message } of error.issues) expect(message.split(', got ').length, message).toBeLessThanOrEqual(2)
  })

  it.for<readonly [string, object]>([
    ['two extensions that share a firmware file', {}],
    ['a mirror whose tag names no release', { imager: image('imager:stable') }],
    ['sections that touch', { systemdStub: { ...stub, sections: [section('.a', 1), section('.b', 17)] } }],
    ['a stub that is its sections and nothing else', { systemdStub: { ...stub, size: 1024 } }],
    ['two overlays', { overlays: [overlay('rpi'), overlay('rock')] }],
  ])('takes %s', ([, change]) => {
    expect(parse({ ...LOCK, ...change })).toEqual({ ...LOCK, ...change })
  })
})

describe('a lock that is wrong', () => {
  it('is told with line and column, and the key that may have been meant', async () => {
    const text = '{\n  "schema": 2,\n  "talos": "1.11.5",\n  "kernal": {},\n  "extensions": [{ "name": 7 }]\n}\n'
    const error = await expectCode<SchemaError>(() => parseLock(Buffer.from(text), 'lock.json'), SchemaError, 'SCHEMA')
    expect(error.issues.map(({ path, at }) => [path, at?.line, at?.column])).toEqual(
      expect.arrayContaining([
        ['/talos', 3, 12],
        ['/kernal', 4, 3],
        ['/extensions/0/name', 5, 28],
      ]),
    )
    expect(error.message).toContain('unknown key kernal: did you mean kernel?')
  })
})

describe('formatLock', () => {
  it('refuses what parseLock refuses', async () => {
    const twice = { ...LOCK, extensions: [extension('zfs'), extension('zfs')] }
    const error = await expectCode<SchemaError>(() => formatLock(twice), SchemaError, 'SCHEMA')
    expect(error.issues).toEqual([{ path: '/extensions/1/name', message: 'expected one extension zfs, got two' }])
  })

  it('writes extensions by name', () => {
    expect(parse(JSON.parse(formatLock(LOCK))).extensions?.map(({ name }) => name)).toEqual(['drbd', 'zfs'])
  })
})

function firmware(...paths: readonly string[]): object {
  return { extensions: [{ ...extension('zfs'), firmware: paths.map((path) => ({ path, sha256 })) }] }
}

function image(name: string): object {
  return { reference: `registry.example/${name}`, digest: digest('5') }
}

function overlay(name: string): object {
  return { name, reference: `ghcr.io/siderolabs/${name}:v1`, digest: digest('6') }
}
