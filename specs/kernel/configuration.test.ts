import { describe, expect, it } from 'vitest'
import { configurationFindings, type ConfigurationQuestion } from './configuration.ts'

const question: ConfigurationQuestion = {
  config: new Map([
    ['CONFIG_MODULE_SIG_FORCE', 'y'],
    ['CONFIG_NET', 'y'],
    ['CONFIG_TUN', 'm'],
    ['CONFIG_NR_CPUS', '512'],
  ]),
  demanded: { builtIn: ['NET'], builtInOrModule: { TUN: 'tun-driver' }, off: ['KEXEC'] },
  modules: new Set(['tun_driver']),
  enforcement: 'configuration',
  arguments: [],
}

const withOption = (option: string, value: string): ConfigurationQuestion => ({
  ...question,
  config: new Map([...question.config, [`CONFIG_${option}`, value]]),
})

describe('configurationFindings', () => {
  it('finds nothing where everything is met', () => {
    expect(configurationFindings(question)).toEqual([])
  })

  it.each([
    ['a module where it must be built in', withOption('NET', 'm'), 'NET: expected y, got m'],
    ['a number where it must be built in', withOption('NET', '512'), 'NET: expected y, got 512'],
    ['what must be off', withOption('KEXEC', 'y'), 'KEXEC: expected n, got y'],
    ['a module that must be off', withOption('KEXEC', 'm'), 'KEXEC: expected n, got m'],
    ['what is neither built in nor a module', withOption('TUN', 'n'), 'TUN: expected y or m, got n'],
    [
      'a module that is not shipped',
      { ...question, modules: new Set<string>() },
      'TUN: expected module tun-driver in the root filesystem, got none',
    ],
  ])('finds %s', (_, asked, finding) => {
    expect(configurationFindings(asked)).toEqual([finding])
  })

  it('takes what is not there for off', () => {
    const demanded = { ...question.demanded, builtIn: ['BRIDGE'], off: ['BPF_JIT_ALWAYS_ON'] }
    expect(configurationFindings({ ...question, demanded })).toEqual(['BRIDGE: expected y, got n'])
  })

  it('needs no module of what is built in', () => {
    expect(configurationFindings({ ...withOption('TUN', 'y'), modules: new Set() })).toEqual([])
  })

  it('reports every finding', () => {
    const findings = configurationFindings({ ...question, config: new Map() })
    expect(findings.map((finding) => finding.split(':')[0])).toEqual(['NET', 'TUN', 'MODULE_SIG_FORCE'])
  })

  describe('where the kernel does not enforce signatures by itself', () => {
    const unforced = withOption('MODULE_SIG_FORCE', 'n')
    const either = { ...unforced, enforcement: 'configuration or command line' } as const
    const sigEnforce = ['console=tty0', 'module.sig_enforce=1']

    it.each([
      ['the configuration must, whatever the command line says', { ...unforced, arguments: sigEnforce }, 1],
      ['the command line may', { ...either, arguments: sigEnforce }, 0],
      ['the command line must', { ...either, arguments: ['console=tty0'] }, 1],
      ['the command line must mean it', { ...either, arguments: ['module.sig_enforce=0'] }, 1],
      ['whoever boots a bare kernel may', { ...either, arguments: undefined }, 0],
    ])('%s', (_, asked, count) => {
      const findings = configurationFindings(asked)
      expect(findings).toHaveLength(count)
      expect(findings.every((finding) => finding.startsWith('MODULE_SIG_FORCE: expected y'))).toBe(true)
    })
  })
})
