// Every npm script starts its command through the one dispatcher, and what is no command is refused.
import { describe, expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { runScript } from './testing/run-script.ts'

describe('talos-image', { timeout: 60_000 }, () => {
  it.each(['', 'nothing', 'toString', '--help'])('refuses %j with the names of all commands', async (name) => {
    const { status, stdout, stderr } = await runScript('talos-image.ts', [name])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: expected a command \(test, .*ci-summary\), got "[^\n]*"\n$/)
  })

  it('knows the command of every npm script that is ours', async () => {
    const { stderr } = await runScript('talos-image.ts', [])
    const known = /\((.*)\)/.exec(stderr)?.[1]?.split(', ') ?? []
    const scripts = Object.values(packageJson.scripts).filter((script) => script.includes('preload.mjs'))
    const names = scripts.map((script) => / scripts\/talos-image\.ts (\S+)$/.exec(script)?.[1] ?? script)
    expect(names.toSorted()).toEqual(known.toSorted())
  })
})
