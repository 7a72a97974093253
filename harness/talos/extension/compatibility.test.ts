import { expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { admitsTalos } from './compatibility.ts'

const where = { path: 'extensions.yaml', pointer: '/layers/0' }

/** Range, admitted versions, refused versions. */
const ranges: readonly (readonly [range: string, admits: readonly string[], refuses: readonly string[]])[] = [
  ['', ['v0.0.1', 'v1.14.0-rc.1'], []],
  ['>= v1.0.0', ['v1.0.0', 'v1.11.5', 'v2.0.0'], ['v0.14.3']],
  ['>=v1.5.0 <v1.12.0', ['v1.5.0', 'v1.11.5'], ['v1.4.9', 'v1.12.0']],
  ['> v1.5.0', ['v1.5.1'], ['v1.5.0']],
  ['<=1.5.0', ['v1.5.0', '1.4.0'], ['v1.5.1']],
  ['<1.5.0 || >=1.7.0', ['v1.4.0', 'v1.7.0'], ['v1.5.0', 'v1.6.9']],
  ['>1.2.2 <1.2.4 || 2.0.0', ['v1.2.3', 'v2.0.0'], ['v1.2.4', 'v2.0.1']],
  ['=1.11.5', ['v1.11.5'], ['v1.11.6']],
  ['==1.11.5', ['v1.11.5'], ['v1.11.6']],
  ['1.11.5', ['v1.11.5'], ['v1.11.6']],
  ['!1.11.5', ['v1.11.6'], ['v1.11.5']],
  ['!=1.11.5', ['v1.11.6'], ['v1.11.5']],
  // blang drops terms of one character, the `!` here among them
  ['! 1.11.5', ['v1.11.5'], ['v1.11.6']],
  ['>=1.0.0 <', ['v1.0.0'], ['v0.9.0']],
  // both at once, the dash being dropped
  ['1.2.0 - 1.3.0', [], ['v1.2.0', 'v1.3.0']],
  ['1 >=1.2.0', ['v1.2.0', 'v9.0.0'], ['v1.1.0']],
  ['1.11.x', ['v1.11.0', 'v1.11.9'], ['v1.10.9', 'v1.12.0']],
  ['1.x', ['v1.0.0', 'v1.99.0'], ['v0.9.0', 'v2.0.0']],
  // npm's 1.x.x would go on to 2.0.0
  ['1.x.x', ['v1.0.9'], ['v1.1.0']],
  ['>1.2.x', ['v1.3.0'], ['v1.2.9']],
  ['>=1.2.x', ['v1.2.0'], ['v1.1.9']],
  ['<=1.2.x', ['v1.2.9'], ['v1.3.0']],
  ['<1.2.x', ['v1.1.9'], ['v1.2.0']],
  // `< 1.2.0` and `>= 1.3.0`: never both
  ['!=1.2.x', [], ['v1.1.0', 'v1.2.0', 'v1.3.0']],
  ['~1.2.x', ['v1.2.0'], ['v1.2.1']],
  // of the Talos version only the core counts, of the operand all
  ['>=1.14.0', ['v1.14.0-rc.1'], []],
  ['>=1.14.0-alpha.1', ['v1.14.0-alpha.0'], ['v1.13.9']],
  ['<1.14.0', ['v1.13.9'], ['v1.14.0-rc.1']],
  ['>=1.0.0+build', ['v1.0.0'], ['v0.9.0']],
  ['  >=   1.2.3   <=  1.2.3  ', ['v1.2.3'], ['v1.2.4']],
]

it.each(ranges)('reads the range %j', (range, admits, refuses) => {
  const verdicts = (versions: readonly string[]) => versions.map((version) => [version, admitsTalos(range, version)])
  expect(verdicts(admits)).toEqual(admits.map((version) => [version, true]))
  expect(verdicts(refuses)).toEqual(refuses.map((version) => [version, false]))
})

it.each([
  ' ',
  '1',
  'string',
  '1.0',
  '>=1.0',
  '>>1.2.3',
  '=>1.2.0',
  '~1.2.0',
  '^1.2.0',
  '1.2.3,1.2.4',
  '01.2.3',
  '1.2.*',
  'x',
  '1.2.3.x',
  '1.a.x',
  '1.2.x-alpha',
  '>=1.0.0||<0.5.0',
  '|| 1.0.0',
  '1.0.0 ||',
  '1.0.0 || || 2.0.0',
  '>=1.0.0 < ',
  'vv1.0.0',
])('refuses the range %j as blang/semver does', async (range) => {
  const error = await expectCode(() => admitsTalos(range, 'v1.11.5', where), FormatError, 'MALFORMED')
  expect(error.at).toEqual(where)
})

it('refuses a Talos version that is none', async () => {
  const error = await expectCode(() => admitsTalos('>=1.0.0', 'latest', where), FormatError, 'MALFORMED')
  expect(error.at).toEqual(where)
})

it('refuses a range too long to be one', async () => {
  const range = `>${' '.repeat(2000)}1.0.0`
  const error = await expectCode(() => admitsTalos(range, 'v1.11.5', where), FormatError, 'LIMIT_EXCEEDED')
  expect(error.at).toEqual(where)
})
