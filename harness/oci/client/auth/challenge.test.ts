import { describe, expect, it } from 'vitest'
import { readAll } from '../../../bytes/source.ts'
import { RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { describeHostile } from '../../../testing/hostile.ts'
import { parseChallenges } from './challenge.ts'
import { cpuMs } from '../../../testing/cpu-time.ts'

const AT = { path: 'example.com' }
const parse = (header: string): unknown =>
  parseChallenges(header, AT).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
const outcome = (action: () => unknown): string => {
  try {
    return typeof action()
  } catch (error) {
    return (error as Error).name
  }
}
const GHCR = 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"'

describe('parseChallenges', () => {
  it.each<[string, unknown]>([
    [GHCR, [['bearer', { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:a/b:pull' }]]],
    ['Basic realm="x y, z"', [['basic', { realm: 'x y, z' }]]],
    ['BASIC Realm=plain', [['basic', { realm: 'plain' }]]],
    ['Negotiate', [['negotiate', {}]]],
    [
      'Negotiate YWI=, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Basic realm="a", Bearer realm="b" , scope=c',
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b', scope: 'c' }],
      ],
    ],
    ['Bearer realm = "b"', [['bearer', { realm: 'b' }]]],
    [String.raw`Basic realm="a \"quoted\" \\ one"`, [['basic', { realm: String.raw`a "quoted" \ one` }]]],
    ['Bearer error="invalid_token", error="other"', [['bearer', { error: 'invalid_token' }]]],
    [', ,Basic realm="a",,', [['basic', { realm: 'a' }]]],
    ['', []],
  ])('reads %s', (header, expected) => {
    expect(parse(header)).toEqual(expected)
  })

  it.each([
    ['a quote that does not end', 'Bearer realm="https://'],
    ['no comma between parameters', 'Bearer realm="a" scope="b"'],
    ['a value before any scheme', '="x"'],
    ['a control character', 'Basic realm="a\u0001"'],
    ['a scheme with a slash', 'Bas/ic realm="x"'],
    ['too many parameters', `Bearer ${Array.from({ length: 65 }, (_, at) => `p${at}=1`).join(',')}`],
    ['too many characters', `Basic realm="${'x'.repeat(17 << 10)}"`],
  ])('refuses %s', async (_, header) => {
    const error = await expectCode(() => parse(header), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.at).toMatchObject({ path: 'example.com', offset: expect.any(Number) })
  })

  it('takes no longer for what is made to be slow', () => {
    const started = cpuMs()
    const outcomes: string[] = []
    for (const piece of ['a ', 'a=', ' ,', '"', String.raw`\\`, 'a=b,', 'a=b '])
      for (const header of [`Bearer x="${piece.repeat(8000 / piece.length)}`, piece.repeat(16_000 / piece.length)])
        outcomes.push(outcome(() => parse(header)))
    expect(outcomes).not.toContain('TypeError')
    expect(cpuMs() - started).toBeLessThan(1000)
  })
})

describeHostile(
  'challenge',
  {
    'challenge of ghcr.io': () => Buffer.from(GHCR),
    'challenges in a row': () =>
      Buffer.from('Negotiate YWI=, Basic realm="x", Bearer realm="https://x/y", scope="a b"'),
  },
  async (source) => parseChallenges(Buffer.from(await readAll(source, 1 << 20)).toString('latin1'), source.where),
)
