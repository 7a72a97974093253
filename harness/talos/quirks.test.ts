import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { quirksOf } from './quirks.ts'

describe('quirksOf', () => {
  it.each([
    ['v1.10.9', 'ima_template=ima-ng', true],
    ['v1.11.0', 'ima_template=ima-ng', false],
    ['v1.11.6', 'module.sig_enforce=1', false],
    ['v1.12.0', 'module.sig_enforce=1', true],
    ['v1.12.11', 'proc_mem.force_override=never', false],
    ['v1.13.0', 'proc_mem.force_override=never', true],
    ['v1.13.9', 'init_on_alloc=1', true],
    ['v1.14.0-rc.1', 'init_on_alloc=1', false],
  ] as const)('knows the command line of %s: %s is %s', (talos, argument, there) => {
    expect(quirksOf(talos).metalArm64CommandLine.split(' ').includes(argument)).toBe(there)
  })

  it.each([
    ['v1.11.6', 'configuration'],
    ['v1.12.0', 'configuration or command line'],
  ])('knows how %s refuses unsigned modules', (talos, enforcement) => {
    expect(quirksOf(talos).moduleEnforcement).toBe(enforcement)
  })

  it.each([
    ['v1.13.9', true],
    ['v1.14.0-rc.1', false],
  ])('knows whether %s comes with an installer', (talos, isPublished) => {
    expect(quirksOf(talos).publishesInstaller).toBe(isPublished)
  })

  it.each(['v1.9.5', 'v1.15.0', 'v2.0.0', 'an unknown version'])(
    'names the capability that is unknown for %s',
    async (talos) => {
      const error = await expectCode(() => quirksOf(talos).ukiSectionOrder, FormatError, 'UNSUPPORTED')
      expect(error.message).toContain(
        `capability ukiSectionOrder is known for 1.10.0 up to, not with, 1.15.0, got ${talos}`,
      )
    },
  )
})
