import { describe, expect, it } from 'vitest'
import { FormatError, SchemaError } from '../../errors.ts'
import { readAll } from '../../bytes/source.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { configSchema, indexSchema, manifestSchema, parseDocument } from './schemas.ts'

const WHERE = { path: 'manifest.json' }
const DIGEST = `sha256:${'0a'.repeat(32)}`
const descriptor = { mediaType: 'application/octet-stream', digest: DIGEST, size: 7 }
const manifest = { schemaVersion: 2, config: descriptor, layers: [descriptor] }
const config = {
  architecture: 'arm64',
  os: 'linux',
  config: { Env: ['A=1'], Labels: { a: 'b' }, Cmd: null },
  rootfs: { type: '', diff_ids: [DIGEST] },
  history: [{ created: '0001-01-01T00:00:00Z' }],
}
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

describe('parseDocument', () => {
  it('gives what a document says, and what others have added', () => {
    const parsed = parseDocument(bytes({ ...manifest, extra: [1] }), manifestSchema, 'manifest', WHERE)
    expect(parsed).toEqual({ ...manifest, extra: [1] })
  })

  it('takes the rootfs.type of older imagers, and null where Go writes it', () => {
    expect(parseDocument(bytes(config), configSchema, 'config', WHERE)).toEqual(config)
    const bare = { config: null, rootfs: { type: 'layers', diff_ids: null }, history: null }
    expect(parseDocument(bytes(bare), configSchema, 'config', WHERE)).toEqual(bare)
  })

  it('names every issue by its place', async () => {
    const broken = {
      schemaVersion: 2,
      config: { ...descriptor, digest: 'sha256:../x' },
      layers: [{ ...descriptor, size: -1 }],
    }
    const error = await expectCode<SchemaError>(
      () => parseDocument(bytes(broken), manifestSchema, 'manifest', WHERE),
      SchemaError,
      'SCHEMA',
    )
    expect(error.issues.map((issue) => issue.path)).toEqual(['/config/digest', '/layers/0/size'])
    expect(error.at).toEqual(WHERE)
  })

  it.for([
    ['schema version 1 of Docker', { schemaVersion: 1, fsLayers: [] }],
    ['no layers', { schemaVersion: 2, config: descriptor }],
    ['a size beyond 2^53', { ...manifest, layers: [{ ...descriptor, size: 1e300 }] }],
    ['a list', []],
    ['null', null],
  ] as const)('refuses a manifest with %s', async ([, value]) => {
    const error = await expectCode(
      () => parseDocument(bytes(value), manifestSchema, 'manifest', WHERE),
      SchemaError,
      'SCHEMA',
    )
    expect(error.at).toEqual(WHERE)
  })

  it.for([
    ['nothing', Buffer.alloc(0)],
    ['half a document', Buffer.from('{"schemaVersion":')],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a tar', Buffer.alloc(1024)],
  ] as const)('refuses %s as JSON', async ([, value]) => {
    const error = await expectCode(() => parseDocument(value, indexSchema, 'index', WHERE), FormatError, 'MALFORMED')
    expect(error.at).toEqual(WHERE)
  })

  it('answers two million open brackets with a code', async () => {
    const deep = Buffer.alloc(2 << 20, '[')
    const closed = Buffer.concat([deep, Buffer.alloc(2 << 20, ']')])
    const errors = [
      await expectCode(() => parseDocument(deep, indexSchema, 'index', WHERE), FormatError, 'MALFORMED'),
      await expectCode(() => parseDocument(closed, indexSchema, 'index', WHERE), FormatError, 'LIMIT_EXCEEDED'),
    ]
    expect(errors.map((error) => error.at)).toEqual([WHERE, { ...WHERE, offset: 100 }])
  })

  it('does not look at more than the limit', async () => {
    const error = await expectCode(
      () => parseDocument(Buffer.alloc((4 << 20) + 1, ' '), manifestSchema, 'manifest', WHERE),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.message).toBe('manifest: expected at most 4194304 bytes, got 4194305')
  })
})

describeHostile('image documents', { manifest: () => bytes(manifest) }, async (source) =>
  parseDocument(await readAll(source, 1 << 20), manifestSchema, 'manifest', source.where),
)
describeHostile('image configs', { config: () => bytes(config) }, async (source) =>
  parseDocument(await readAll(source, 1 << 20), configSchema, 'config', source.where),
)
