import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseCommand, UsageError } from './command-line.ts'

const command = (): Command =>
  new Command('npm test --').argument('[REFERENCE...]').option('--structure-only').option('--json')

describe('parseCommand', () => {
  beforeEach(() => {
    vi.stubEnv('npm_lifecycle_script', 'node --import ./scripts/preload.mjs scripts/talos-image.ts test')
    vi.stubEnv('npm_lifecycle_event', 'test')
  })
  afterEach(() => vi.unstubAllEnvs())

  it('finds an option that npm took, since -- was forgotten', () => {
    vi.stubEnv('npm_config_structure_only', 'true')
    expect(() => parseCommand(command(), ['x'])).toThrow(UsageError)
    expect(() => parseCommand(command(), ['x'])).toThrow(
      'npm took --structure-only for itself: write -- before options, npm test -- … --structure-only …',
    )
  })

  it('leaves options of npm itself, and commands that npm did not start', () => {
    vi.stubEnv('npm_config_json', 'true')
    expect(parseCommand(command(), ['x'])).toBe(true)
    vi.stubEnv('npm_config_structure_only', 'true')
    vi.stubEnv('npm_lifecycle_script', 'vitest')
    expect(parseCommand(command(), ['x'])).toBe(true)
  })

  it('prints the default of an option that is on or has a value, and of no other', () => {
    let help = ''
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((help += String(text)), true))
    const sample = new Command('x')
      .option('--off', 'no default', false)
      .option('--many <LIST>', 'none yet', [])
      .option('--output <DIR>', 'the folder', 'out')
    try {
      expect(parseCommand(sample, ['--help'])).toBe(false)
    } finally {
      write.mockRestore()
    }
    expect(help).toMatch(
      /--off +no default\n +--many <LIST> +none yet\n +--output <DIR> +the folder \(default: "out"\)\n/,
    )
  })
})
