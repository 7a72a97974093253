// From a decision to a checked node, by the commands that COZYSTACK.md shows, against the registry of a rehearsal.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from './root.ts'
import { OF_CLONE, pageCommands, rehearsalVariables, rehearse } from './testing/rehearsal.ts'
import { openSession } from './testing/session.ts'
import { commandsOf, commandsOfMarkdown } from './testing/shown-commands.ts'

/** An idle machine takes half a minute for all of it, a busy one four. */
const PATIENCE_MS = 900_000
const SECTION = /^## Build yours\n+```\n([\s\S]*?)^```/m

it('leads from a decision to a checked node', { timeout: PATIENCE_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'release-'))
  try {
    await using session = openSession('talos-image.ts', { folder, env: rehearsalVariables(folder) })
    const { host, steps } = await rehearse(OF_CLONE, folder, session.run)
    const [, lock, build, test, publish, , gateway] = steps
    const promote = steps.find(({ name }) => name === 'promote')
    expect(steps.find(({ status }) => status !== 0)).toBeUndefined()
    expect(steps.map(({ name }) => name)).toEqual((await pageCommands()).map(({ name }) => name))
    expect(lock?.output).toMatch(/^ {2}signed {6}11 of 11 images by /m)
    expect(build?.output).toContain('npm test -- oci:out/spin-only:v1.11.5 oci:out/spin-tailscale:v1.11.5')
    expect(test?.output).toMatch(/^GREEN: 2 candidates and their release: /m)
    expect(publish?.output).toMatch(/^SUP {7}8 /m)
    expect(publish?.output).toMatch(/^GREEN: 2 candidates and their release: /m)
    expect(gateway?.output).toContain('- TS_AUTHKEY=${TS_AUTHKEY}')
    expect(steps.find(({ name }) => name === 'node-check')?.output).toMatch(/^GREEN: 1 candidate: /m)
    expect(promote?.output).toContain(`${host}/you/talos-spin-only:demo-stable was nothing, is sha256:`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('reads every command of the page, those of README.md among them', async () => {
  const [page = '', readme = ''] = await Promise.all(
    ['scripts/COZYSTACK.md', 'README.md'].map((path) => readFile(join(ROOT, path), 'utf8')),
  )
  const commands = await pageCommands()
  // What boots an image needs QEMU, and is shown beside the rehearsal.
  const elsewhere = ['NAME', 'boot']
  expect(commandsOfMarkdown(page).filter(({ name }) => !elsewhere.includes(name))).toEqual(commands)
  const short = commandsOf(SECTION.exec(readme)?.[1] ?? '')
  expect(short.length).toBeGreaterThan(5)
  const isOn = (args: readonly string[], own: readonly string[]): boolean => args.every((word) => own.includes(word))
  expect(short.filter(({ name, args }) => !commands.some((one) => one.name === name && isOn(args, one.args)))).toEqual(
    [],
  )
})
