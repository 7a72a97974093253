import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DEFAULT_CACHE, MARKER, MARKER_TEXT } from '#harness/oci/cache/layout.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { cache, parseSize } from './main.ts'

const folder = await mkdtemp(join(tmpdir(), 'cache-'))
afterAll(() => rm(folder, { recursive: true }))

async function run(...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const texts: string[] = []
  const status = await cache([...args, '--cache', folder], (text) => texts.push(text))
  return { status, text: texts.join('') }
}

describe('npm run cache', () => {
  it('counts what is there, and keeps what was used last', async () => {
    const blobs = join(folder, 'blobs/sha256')
    await mkdir(blobs, { recursive: true })
    await writeFile(join(folder, MARKER), MARKER_TEXT)
    const [old, fresh] = ['0'.repeat(64), '1'.repeat(64)]
    for (const [name, seconds] of [
      [old, 1000],
      [fresh, 2000],
    ] as const) {
      await writeFile(join(blobs, name), Buffer.alloc(1024))
      await utimes(join(blobs, name), seconds, seconds)
    }
    expect((await run('status')).text).toMatch(/blobs +2 +2\.00 KiB {2}blobs as a registry sends them, by digest\n/)
    expect(await run('prune', '--max-size', '1K')).toEqual({
      status: 0,
      text: 'removed 1 files, 1.00 KiB; 1.00 KiB left\n',
    })
    expect(await readdir(blobs)).toEqual([fresh])
  })

  it('refuses a folder of something else, and leaves it as it is', async () => {
    const layout = join(folder, 'layout')
    const blob = join(layout, 'blobs/sha256', '0'.repeat(64))
    await mkdir(dirname(blob), { recursive: true })
    await writeFile(join(layout, 'index.json'), '{}')
    await writeFile(blob, 'x')
    for (const command of ['prune', 'status'])
      expect(await cache([command, '--cache', layout], () => undefined)).toBe(2)
    expect(await readFile(blob, 'utf8')).toBe('x')
  })

  it('names its default folder as the README does', async () => {
    const help = (await run('status', '--help')).text
    const readme = await readFile(join(ROOT, 'scripts/README.md'), 'utf8')
    expect(help).toContain(DEFAULT_CACHE)
    expect(readme.match(/\$XDG_CACHE_HOME[^`\s]*/g)).toEqual([DEFAULT_CACHE])
  })

  it.each([
    ['no command', [], /^error: expected status or prune \(npm run cache -- --help says more\)\n$/],
    ['a command that is nearly one', ['statsu'], /unknown command 'statsu' \(Did you mean status\?\)/],
    ['a size that is none', ['prune', '--max-size', 'much'], /expected a size such as 500M or 5G/],
    ['no known command', ['empty'], /unknown command 'empty'/],
  ])('refuses %s in one sentence', async (_, args, message) => {
    const { exit, stderr } = await runCommand(cache, args)
    expect(exit).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
  })

  it.each([
    ['5G', 5 * 2 ** 30],
    ['1.5K', 1536],
    ['7', 7],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })
})
