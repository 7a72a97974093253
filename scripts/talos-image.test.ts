// Every npm script starts its command through the dispatcher of users or that of developers, and what is no command is refused.
import { describe, expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { runScript } from './testing/run-script.ts'

const DISPATCHERS = ['talos-image.ts', 'develop.ts']

describe('talos-image', { timeout: 240_000 }, () => {
  it.each(['', 'nothing', 'toString', 'selftest'])('refuses %j with the names of all commands', async (name) => {
    const { status, stdout, stderr } = await runScript('talos-image.ts', [name])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: expected a command \(test, .*cache\), got "[^\n]*"\n$/)
  })

  it('says under --help what each command does, and with --version which versions it has', async () => {
    const help = await runScript('talos-image.ts', ['--help'])
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toMatch(/^Usage: talos-image COMMAND .*\n\n {2}test +judge images/)
    const version = await runScript('talos-image.ts', ['--version'])
    expect(version).toMatchObject({ status: 0, stderr: '' })
    expect(version.stdout).toMatch(/^talos-image-contract \d+\.\d+\.\d+, rules \d+\.\d+\.\d+, Node 26\.\d+\.\d+\n$/)
  })

  it.each(DISPATCHERS)('%s knows the command of every npm script that starts it', async (dispatcher) => {
    const { stderr } = await runScript(dispatcher, [])
    const known = /\((.*)\)/.exec(stderr)?.[1]?.split(', ') ?? []
    const names = Object.values(packageJson.scripts).flatMap(
      (script) => new RegExp(`preload\\.mjs scripts/${dispatcher.replace('.', '\\.')} (\\S+)$`).exec(script)?.[1] ?? [],
    )
    // `lint` is oxlint here, and short for lint-config in the package; npm's own `node` would be Node.
    const other = ['lint', 'node-check']
    expect(known.filter((name) => !other.includes(name)).toSorted()).toEqual(names.toSorted())
  })
})
