import { expect, it } from 'vitest'
import { composeCommandLine } from './command-line.ts'

const PLATFORM = 'talos.platform=metal console=ttyAMA0 console=tty0'
const compose = (extra: readonly string[], overlay: readonly string[] = []): string =>
  composeCommandLine({ defaults: `${PLATFORM} a b=1 bc=2`, overlay, extra }).replace(`${PLATFORM} `, '')

// Each row is what go-procfs v0.1.2 says (fixtures/oracles/command-line).
it.each([
  ['appends', ['c', 'd='], 'a b=1 bc=2 c d'],
  ['puts a value beside those of its key', ['bc=3', 'e', 'bc=4'], 'a b=1 bc=2 bc=3 bc=4 e'],
  ['takes a key away', ['-a', 'a'], 'b=1 bc=2 a'],
  ['takes a key away for an empty value', ['-bc='], 'a b=1'],
  ['takes a value away, and keeps the place', ['-b=1', 'bc=3', 'b=2'], 'a b=2 bc=2 bc=3'],
  ['keeps a lone dash', ['-'], 'a b=1 bc=2 -'],
] as const)('%s', (_, extra, expected) => {
  expect(compose(extra)).toBe(expected)
})

it('lets an overlay replace what the platform sets, and the contract what the overlay sets', () => {
  const overlay = ['console=ttyS2,1500000', 'a=0']
  expect(compose([], overlay)).toBe('talos.platform=metal console=ttyS2,1500000 a=0 a b=1 bc=2')
  expect(compose(['console=hvc0'], overlay)).toBe('talos.platform=metal console=hvc0 a=0 a b=1 bc=2')
})
