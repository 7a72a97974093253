// That no option and no environment variable is missing in the table of doors.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { ROOT } from '../../root.ts'
import { parseOptions } from '../../test/options.ts'
import { doorsOf } from './doors.ts'

const files = {
  contract: 'c',
  waivers: 'w',
  protectedWaivers: 'p',
  advisories: 'a',
  schematic: 's',
  script: 's',
  folder: 'f',
}
const named = new Set(doorsOf(files).map(({ name }) => name))

/** Variables of commands other than the verdict or of the machine that runs the tests, or read together with a listed one. */
const ELSEWHERE = new Set(['PATH', 'TMPDIR', 'FAKE_TALOSCTL', 'GOPROXY', 'FUZZ_RUNS', 'FUZZ_SEED'])
const IN_COMPANY = /^(?:GITHUB|ACTIONS)_/

it('has every option of npm test', () => {
  let help = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((help += String(text)), true))
  parseOptions(['--help'])
  spy.mockRestore()
  const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name)
  expect(options.length).toBeGreaterThan(20)
  expect(options.filter((name = '') => name !== '--help' && !named.has(name))).toEqual([])
})

it('has every environment variable that our code reads by name', async () => {
  const found = new Set<string>()
  for (const folder of ['harness', 'specs', 'scripts']) {
    const names = await readdir(join(ROOT, folder), { recursive: true })
    for (const name of names.filter((one) => /\.(ts|mjs)$/.test(one) && !one.includes('.test.'))) {
      const text = await readFile(join(ROOT, folder, name), 'utf8')
      for (const [, variable = ''] of text.matchAll(/\benv(?:\?\.)?\[?\.?'?([A-Z][A-Z_]+)\b/g)) found.add(variable)
      for (const [, fields = ''] of text.matchAll(/\{([^{}]*)\} = (?:process\.)?env\b/g))
        for (const [variable] of fields.matchAll(/\b[A-Z][A-Z_]{2,}\b/g)) found.add(variable)
    }
  }
  expect(found.size).toBeGreaterThan(8)
  const missing = [...found].filter((one) => !named.has(one) && !ELSEWHERE.has(one) && !IN_COMPANY.test(one))
  expect(missing).toEqual([])
})

it('opens only by what the last line names', () => {
  const open = doorsOf(files).filter(({ opens }) => opens !== undefined)
  expect(open.map(({ name }) => name)).toEqual(['--waivers', '--only', '--target', '--contract', '--shard'])
})
