import { describe, expect, it } from 'vitest'
import { expectedCommandLine } from './command-line.ts'

const PLATFORM = 'talos.platform=metal console=ttyAMA0 console=tty0'

describe('expectedCommandLine', () => {
  it('appends what the contract adds behind what SecureBoot adds', () => {
    const line = expectedCommandLine({ defaults: 'a b=1', secureBoot: ['lockdown=confidentiality'], extra: ['c'] })
    expect(line).toEqual(['a', 'b=1', 'lockdown=confidentiality', 'c'])
  })

  // Each row is what go-procfs v0.1.2 says (fixtures/oracles/command-line).
  it.each([
    ['a default away by its name', ['-b'], 'a bc=2'],
    ['a default away and sets it anew at the end', ['-b', 'b=0'], 'a bc=2 b=0'],
    ['a value away and sets another in its place', ['-b=1', 'b=0'], 'a b=0 bc=2'],
    ['the whole key away for an empty value', ['-b=', 'b=4'], 'a bc=2 b=4'],
    ['the whole key away where its name comes first', ['-b', '-b=1'], 'a bc=2'],
    ['no more than the values away where one comes first', ['b=3', '-b=1', '-b'], 'a b=3 bc=2'],
    ['nothing away that is not there', ['-x', '-b=7'], 'a b=1 bc=2'],
    ['a second value beside the first', ['b=3'], 'a b=1 b=3 bc=2'],
    ['a parameter twice', ['a'], 'a a b=1 bc=2'],
    ['an empty value for none', ['quiet=', 'c=d=e'], 'a b=1 bc=2 quiet c=d=e'],
    ['its own in groups of one name', ['x.y=1', 'quiet', 'x.y=2'], 'a b=1 bc=2 x.y=1 x.y=2 quiet'],
    ['a lone dash as it is', ['-'], 'a b=1 bc=2 -'],
  ] as const)('takes %s', (_, extra, expected) => {
    expect(expectedCommandLine({ defaults: 'a b=1 bc=2', secureBoot: [], extra }).join(' ')).toBe(expected)
  })

  it('replaces consoles and the platform where they are', () => {
    const line = expectedCommandLine({
      defaults: `${PLATFORM} selinux=1`,
      secureBoot: [],
      extra: ['console=ttyS0,115200'],
    })
    expect(line).toEqual(['talos.platform=metal', 'console=ttyS0,115200', 'selinux=1'])
  })

  it('takes the arguments of an overlay before the defaults, in place of the platform’s', () => {
    const overlay = ['console=tty0', 'console=ttyS2,1500000', 'sysctl.a=1', 'selinux=0']
    const line = expectedCommandLine({ defaults: `${PLATFORM} selinux=1`, overlay, secureBoot: [], extra: [] })
    expect(line.join(' ')).toBe(
      'talos.platform=metal console=tty0 console=ttyS2,1500000 sysctl.a=1 selinux=0 selinux=1',
    )
  })
})
