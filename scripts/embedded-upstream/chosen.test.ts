import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { loadContract } from '../judge/candidates/inputs.ts'
import { runCommand } from '../testing/run-command.ts'
import { chosenRelease, refuseHeld } from './chosen.ts'

const folder = await mkdtemp(join(tmpdir(), 'chosen-'))
afterAll(() => rm(folder, { recursive: true }))
const path = join(folder, 'my.yaml')

async function write(text: string) {
  await writeFile(path, text)
  return loadContract(path)
}

it.for([
  ['>=1.11.0 <1.15.0', 'v1.11.5'],
  ['>=1.11.6 <1.13.0', 'v1.12.9'],
  ['>=1.12.0 <1.14.0', 'v1.13.9'],
] as const)('tries a contract for Talos %s with %s', async ([range, release]) => {
  expect(chosenRelease(await write(`talos: '${range}'\nvariants: {a: {}}\n`))).toBe(release)
})

it('names the line of a range in which no embedded release is, and those that there are', async () => {
  const { build } = await import('../build/main.ts')
  await write("variants: {a: {}}\ntalos: '>=1.11.6 <1.12.0'\n")
  const args = ['--upstream', 'embedded', '--contract', path, '--output', join(folder, 'out')]
  const { exit, stderr } = await runCommand(build, args)
  expect(exit).toBe(2)
  expect(stderr).toContain(
    `error: ${path}:2:8 the contract is for Talos >=1.11.6 <1.12.0, and the embedded upstream is of v1.11.5, v1.12.9, v1.13.9`,
  )
})

it('names the line of an extension that is held back at no embedded release', async () => {
  const held = await write('variants:\n  a:\n    extensions:\n      - drbd\n      - {name: spin, talos: v1.11.4}\n')
  expect(() => refuseHeld(held)).toThrow(
    `${path}:5:29 the contract holds spin back at Talos v1.11.4, and the embedded upstream is of v1.11.5, `,
  )
  expect(() => chosenRelease(held)).not.toThrow()
  const right = await write('variants: {a: {extensions: [{name: spin, talos: v1.11.5}]}}\n')
  expect(() => refuseHeld(right)).not.toThrow()
})
