import { describe, expect, it } from 'vitest'
import type { Digest } from '../bytes/digest.ts'
import { readAll } from '../bytes/source.ts'
import { FormatError, HarnessError, SchemaError, VerificationError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { json } from '../testing/oci-samples.ts'
import { sampleStatement } from '../testing/signing-samples.ts'
import { parseProvenance, SLSA_V02, SLSA_V1 } from './provenance.ts'
import { assertSubject, parseStatement } from './statement.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest
const AT = { path: 'x' }
const COMMIT = '1f'.repeat(20)

const VERSION_1 = {
  predicateType: SLSA_V1,
  predicate: {
    buildDefinition: {
      buildType: 'https://x.example/build',
      resolvedDependencies: [
        { uri: 'git+https://github.com/you/repo', digest: { gitCommit: COMMIT } },
        { uri: 'git+https://github.com/you/repo', digest: { gitCommit: COMMIT } },
        { uri: 'oci:image', digest: { sha256: 'ab' } },
        { digest: { gitCommit: COMMIT } },
      ],
    },
    runDetails: { builder: { id: 'https://x.example/builder' }, metadata: {} },
  },
}
const VERSION_02 = {
  predicateType: SLSA_V02,
  predicate: {
    builder: { id: 'https://x.example/builder' },
    buildType: 'https://x.example/build',
    invocation: { configSource: { uri: 'git+https://github.com/you/repo', digest: { sha1: COMMIT } } },
    materials: [
      { uri: 'git+https://github.com/you/repo', digest: { sha1: COMMIT } },
      { uri: 'git+https://github.com/you/other', digest: { gitCommit: COMMIT } },
    ],
  },
}

describe('parseStatement', () => {
  it('reads both versions', () => {
    for (const type of ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'])
      expect(parseStatement(sampleStatement(DIGEST, { _type: type, more: 1 }), AT)).toEqual({
        type,
        subjects: [{ digest: { sha256: DIGEST.slice(7) } }],
        predicateType: 'https://sigstore.dev/cosign/sign/v1',
        predicate: {},
      })
  })

  it.each<[string, Buffer, new (...args: never[]) => HarnessError, HarnessCode]>([
    [
      'another version',
      sampleStatement(DIGEST, { _type: 'https://in-toto.io/Statement/v9' }),
      FormatError,
      'UNSUPPORTED',
    ],
    ['no JSON', Buffer.from('{'), FormatError, 'MALFORMED'],
    ['too much', Buffer.alloc((16 << 20) + 1, ' '), FormatError, 'LIMIT_EXCEEDED'],
    [
      'too many subjects',
      sampleStatement(DIGEST, { subject: Array.from({ length: 1025 }, () => ({ digest: {} })) }),
      SchemaError,
      'SCHEMA',
    ],
    ['a list', json([]), SchemaError, 'SCHEMA'],
  ])('refuses %s', async (_, bytes, Class, code) => {
    const error = await expectCode(() => parseStatement(bytes, AT), Class, code)
    expect(error.at?.path).toBe('x')
  })

  it('names the image among its subjects, or it does not', async () => {
    const subject = [{ name: 'a', digest: { sha256: 'cd' } }, { digest: { sha256: DIGEST.slice(7) } }]
    const statement = parseStatement(sampleStatement(DIGEST, { subject }), AT)
    expect(() => assertSubject(statement, DIGEST, AT)).not.toThrow()
    for (const digest of [`sha256:${'cd'.repeat(32)}`, `sha512:${'ab'.repeat(64)}`] as Digest[])
      await expectCode(() => assertSubject(statement, digest, AT), VerificationError, 'SUBJECT')
  })
})

describe('parseProvenance', () => {
  const read = (change: object) => parseProvenance(parseStatement(sampleStatement(DIGEST, change), AT))
  const common = { builder: 'https://x.example/builder', buildType: 'https://x.example/build' }

  it('reads version 1', () => {
    const sources = [{ uri: 'git+https://github.com/you/repo', commit: COMMIT }]
    expect(read(VERSION_1)).toEqual({ ...common, sources })
  })

  it('reads version 0.2', () => {
    const sources = ['repo', 'other'].map((name) => ({ uri: `git+https://github.com/you/${name}`, commit: COMMIT }))
    expect(read(VERSION_02)).toEqual({ ...common, sources })
    const { builder, buildType } = VERSION_02.predicate
    expect(read({ ...VERSION_02, predicate: { builder, buildType } })).toEqual({ ...common, sources: [] })
  })

  it('refuses what is none', async () => {
    const error = await expectCode(() => read({ ...VERSION_1, predicate: {} }), SchemaError, 'SCHEMA')
    expect(error.at).toEqual({ pointer: '/predicate' })
    await expectCode(() => read({ ...VERSION_02, predicate: null }), SchemaError, 'SCHEMA')
    await expectCode(() => read({}), FormatError, 'UNSUPPORTED')
  })
})

describeHostile(
  'statement',
  { 'version 1': () => sampleStatement(DIGEST, VERSION_1), 'version 0.2': () => sampleStatement(DIGEST, VERSION_02) },
  async (source) => {
    const statement = parseStatement(await readAll(source, 1 << 20), source.where)
    parseProvenance(statement, source.where)
    assertSubject(statement, DIGEST, source.where)
  },
)
