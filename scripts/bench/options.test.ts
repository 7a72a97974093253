import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'
import { missingTools } from './tools.ts'

describe('parseOptions', () => {
  it('measures everything five times at the small size by default', () => {
    expect(parseOptions([])).toEqual({
      runs: 5,
      sizes: ['140'],
      parts: ['verdict', 'many', 'build'],
      json: false,
      bars: true,
    })
  })

  it('takes lists', () => {
    const args = ['--size', '140,1024', '--part', 'build', '--runs', '7', '--no-bars', '--json', '--folder', 'x']
    expect(parseOptions(args)).toEqual({
      runs: 7,
      sizes: ['140', '1024'],
      parts: ['build'],
      json: true,
      bars: false,
      folder: 'x',
    })
  })

  it.each([['--runs', '0'], ['--runs', 'x'], ['--size', '20'], ['--part', 'verdict,all'], ['more']])(
    'refuses %s %s',
    (...args) => {
      expect(() => parseOptions(args)).toThrow('npm run bench -- --help says more')
    },
  )
})

describe('missingTools', () => {
  it('names each that is nowhere, once', () => {
    expect(missingTools(['sh', 'no-such-tool', 'no-such-tool'], '/usr/bin:/bin')).toEqual(['no-such-tool'])
  })
})
